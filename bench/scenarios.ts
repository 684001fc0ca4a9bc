import type { ClientPeer, Connection } from './peers/peer.js';

/** The result of a scenario. */
export interface ScenarioResult {
  /** Number of operations. */
  readonly done: number;
  readonly seconds: number;
}

/** The scenarios. Each runs for about `ms` milliseconds, and ends when its connections have ended. */
export const scenarios = {
  'one call at a time': (peer: ClientPeer, url: string, ms: number) => calls(peer, url, ms, 1, 1, square),
  '64 concurrent calls': (peer: ClientPeer, url: string, ms: number) => calls(peer, url, ms, 1, 64, square),
  '100 connections, 4 concurrent calls each': (peer: ClientPeer, url: string, ms: number) =>
    calls(peer, url, ms, 100, 4, square),
  '10 KiB echo, 64 concurrent': (peer: ClientPeer, url: string, ms: number) =>
    calls(peer, url, ms, 1, 64, echo),
  callbacks: callbacks,
  'connect and first call': connections,
} as const;

export type Scenario = keyof typeof scenarios;

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(250).slice(0, 10_240);

async function square(connection: Connection): Promise<void> {
  if ((await connection.square(4)) !== 16) throw new Error('square of 4 is not 16');
}

async function echo(connection: Connection): Promise<void> {
  const answer = await connection.echo(text);
  if (answer.length !== text.length) throw new Error('the echo differs from the message');
}

async function calls(
  peer: ClientPeer,
  url: string,
  ms: number,
  connections: number,
  concurrency: number,
  call: (connection: Connection) => Promise<void>,
): Promise<ScenarioResult> {
  const open = await Promise.all(Array.from({ length: connections }, () => peer.connect(url)));
  await Promise.all(open.map(call));
  let done = 0;
  const start = performance.now();
  const end = start + ms;
  const worker = async (connection: Connection): Promise<void> => {
    while (performance.now() < end) {
      await call(connection);
      done++;
    }
  };
  await Promise.all(
    open.flatMap((connection) => Array.from({ length: concurrency }, () => worker(connection))),
  );
  const seconds = (performance.now() - start) / 1000;
  await closeAll(open);
  return { done, seconds };
}

/** Calls a method that calls the callback a thousand times. */
async function callbacks(peer: ClientPeer, url: string, ms: number): Promise<ScenarioResult> {
  const connection = await peer.connect(url);
  let received = 0;
  const each = (): void => {
    received++;
  };
  await connection.count(1000, each);
  received = 0;
  const start = performance.now();
  while (performance.now() < start + ms) await connection.count(1000, each);
  const seconds = (performance.now() - start) / 1000;
  await connection.close();
  return { done: received, seconds };
}

// The ports of closed connections are in use for a minute, and connecting is slow when few ports are free.
const MAX_CONNECTIONS = 1500;

/** Connects and calls once, eight at a time. The connections stay open until the time is over. */
async function connections(peer: ClientPeer, url: string, ms: number): Promise<ScenarioResult> {
  const open: Connection[] = [];
  const start = performance.now();
  const end = start + ms;
  const worker = async (): Promise<void> => {
    while (performance.now() < end && open.length < MAX_CONNECTIONS) {
      const connection = await peer.connect(url);
      await square(connection);
      open.push(connection);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const seconds = (performance.now() - start) / 1000;
  await closeAll(open);
  return { done: open.length, seconds };
}

/** Closes connections and waits until they have ended, so that this does not affect the next measurement. */
async function closeAll(connections: readonly Connection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()));
}
