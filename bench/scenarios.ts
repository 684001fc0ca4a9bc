import type { ClientPeer, Connection } from './peers/peer.js';

/** What was done, and in how many seconds. */
export interface ScenarioResult {
  readonly done: number;
  readonly seconds: number;
}

/** What is measured. Each runs for about `ms` milliseconds, and ends when its connections have ended. */
export const scenarios = {
  'one call at a time': (peer: ClientPeer, url: string, ms: number) => calls(peer, url, ms, 1, 1, square),
  '64 calls in flight': (peer: ClientPeer, url: string, ms: number) => calls(peer, url, ms, 1, 64, square),
  '100 connections, 4 in flight each': (peer: ClientPeer, url: string, ms: number) =>
    calls(peer, url, ms, 100, 4, square),
  '10 KiB echo, 64 in flight': (peer: ClientPeer, url: string, ms: number) =>
    calls(peer, url, ms, 1, 64, echo),
  callbacks: callbacks,
  'connect and first call': connections,
} as const;

export type Scenario = keyof typeof scenarios;

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(250).slice(0, 10_240);

async function square(connection: Connection): Promise<void> {
  if ((await connection.square(4)) !== 16) throw new Error('square 4 is not 16');
}

async function echo(connection: Connection): Promise<void> {
  const answer = await connection.echo(text);
  if (answer.length !== text.length) throw new Error('the echo is not what was sent');
}

async function calls(
  peer: ClientPeer,
  url: string,
  ms: number,
  connections: number,
  inFlight: number,
  call: (connection: Connection) => Promise<void>,
): Promise<ScenarioResult> {
  const open = await Promise.all(Array.from({ length: connections }, () => peer.connect(url)));
  await Promise.all(open.map(call));
  let done = 0;
  const start = performance.now();
  const end = start + ms;
  const work = async (connection: Connection): Promise<void> => {
    while (performance.now() < end) {
      await call(connection);
      done++;
    }
  };
  await Promise.all(open.flatMap((connection) => Array.from({ length: inFlight }, () => work(connection))));
  const seconds = (performance.now() - start) / 1000;
  await closeAll(open);
  return { done, seconds };
}

/** The server calls back a thousand times for each call. */
async function callbacks(peer: ClientPeer, url: string, ms: number): Promise<ScenarioResult> {
  const connection = await peer.connect(url);
  let seen = 0;
  const each = (): void => {
    seen++;
  };
  await connection.count(1000, each);
  seen = 0;
  const start = performance.now();
  while (performance.now() < start + ms) await connection.count(1000, each);
  const seconds = (performance.now() - start) / 1000;
  await connection.close();
  return { done: seen, seconds };
}

// The ports of closed connections are taken for a minute. Where they become few, connecting becomes slow.
const MOST_CONNECTIONS = 1500;

/** Eight at a time connect and call once. All stay open until the time is over, which is when the clock stops. */
async function connections(peer: ClientPeer, url: string, ms: number): Promise<ScenarioResult> {
  const open: Connection[] = [];
  const start = performance.now();
  const end = start + ms;
  const work = async (): Promise<void> => {
    while (performance.now() < end && open.length < MOST_CONNECTIONS) {
      const connection = await peer.connect(url);
      await square(connection);
      open.push(connection);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  const seconds = (performance.now() - start) / 1000;
  await closeAll(open);
  return { done: open.length, seconds };
}

/** Waits for the end of all of them, so that nobody's next measurement pays for it. */
async function closeAll(connections: readonly Connection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()));
}
