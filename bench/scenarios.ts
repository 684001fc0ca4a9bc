import { randomBytes } from 'node:crypto';
import { downloadFile } from './stream-use.js';
import type { ClientPeer, Connection, StreamUse } from './peers/peer.js';

/** The result of a scenario. */
export interface ScenarioResult {
  /** Number of operations. 0 if the peer cannot do this. */
  readonly done: number;
  readonly seconds: number;
}

/** The result of a peer that cannot do what a scenario needs. */
const CANNOT: ScenarioResult = { done: 0, seconds: 0 };

type Run = (peer: ClientPeer, url: string, ms: number) => Promise<ScenarioResult>;

/** Number of items of a stream. */
const ITEMS = 10_000;

const KIB = 1024;
const MIB = 1024 * KIB;

/** The largest message: with its envelope, it does not exceed the default limit of kitectl. */
export const LARGE_BYTES = 16 * MIB - 4 * KIB;
/** The message with which the largest is compared, per byte. */
export const MEDIUM_BYTES = 100 * KIB;

/** The scenarios with bytes. */
export const BYTES_64_KIB = 'bytes 64 KiB';
export const BYTES_1_MIB = 'bytes 1 MiB';

/** The scenario with a file. It is measured in new processes of each peer: how fast it is depends on what a process did before. */
export const FILE = 'MB of a file as a stream';

/** The scenarios. Each runs for about `ms` milliseconds, and ends when its connections have ended. */
export const scenarios = {
  'one call at a time': calls(1, 1, square),
  '64 concurrent calls': calls(1, 64, square),
  '100 connections, 4 concurrent calls each': calls(100, 4, square),
  '10 KiB of text, 16 concurrent': calls(1, 16, echoText(10 * KIB)),
  '10 KiB of small objects, 16 concurrent': calls(1, 16, echoObjects(10 * KIB)),
  '1 MiB of small objects, one at a time': calls(1, 1, echoObjects(MIB)),
  '100 KiB of text, one at a time': calls(1, 1, echoText(MEDIUM_BYTES)),
  '16 MiB of text, one at a time': calls(1, 1, echoText(LARGE_BYTES)),
  [BYTES_64_KIB]: calls(1, 1, echoBytes(64 * KIB), hasBytes),
  [BYTES_1_MIB]: calls(1, 1, echoBytes(MIB), hasBytes),
  callbacks,
  'stream of small items': withStreams(readItems),
  [FILE]: withStreams(async (streams) => (await downloadFile(streams)) / 1e6),
  'stream of 3 items, one at a time': calls(1, 1, threeItems, hasStreams),
  'connect and first call': connections,
} as const satisfies Record<string, Run>;

export type Scenario = keyof typeof scenarios;

const SENTENCE = 'The quick brown fox jumps over the lazy dog. ';

async function square(connection: Connection): Promise<void> {
  if ((await connection.square(4)) !== 16) throw new Error('square of 4 is not 16');
}

/** Returns a call with a string of this length. */
function echoText(length: number): (connection: Connection) => Promise<void> {
  let text: string | undefined;
  return async (connection) => {
    // Flat, as a string that a program has read.
    text ??= Buffer.from(SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length)).toString();
    if ((await connection.echo(text)) !== text) throw new Error('the echo differs from the message');
  };
}

/** Returns a call with this number of bytes. */
function echoBytes(length: number): (connection: Connection) => Promise<void> {
  let bytes: Uint8Array | undefined;
  return async (connection) => {
    bytes ??= randomBytes(length);
    const answer = (await connection.echo(bytes)) as Uint8Array;
    if (answer.length !== length || answer[length - 1] !== bytes[length - 1])
      throw new Error('the echo differs from the message');
  };
}

/** Returns a call with an array of small objects, as JSON of about this length. */
function echoObjects(length: number): (connection: Connection) => Promise<void> {
  let objects: object[] | undefined;
  return async (connection) => {
    objects ??= smallObjects(length);
    const answer = (await connection.echo(objects)) as object[];
    if (answer.length !== objects.length) throw new Error('the echo differs from the message');
  };
}

/** Reads a stream of three items. */
async function threeItems({ streams }: Connection): Promise<void> {
  let count = 0;
  await streams?.items(3, () => count++);
  if (streams && count !== 3) throw new Error(`the stream of 3 items had ${count}`);
}

function smallObjects(length: number): object[] {
  const objects: object[] = [];
  for (let size = 0; size < length; ) {
    const id = objects.length;
    const object = { id, name: `item ${id}`, price: id * 1.5, tags: ['new', 'sale'], active: id % 2 === 0 };
    objects.push(object);
    size += JSON.stringify(object).length + 1;
  }
  return objects;
}

function hasBytes({ hasBytes: has = false }: Connection): boolean {
  return has;
}

function hasStreams({ streams }: Connection): boolean {
  return streams !== undefined;
}

function calls(
  connections: number,
  concurrency: number,
  call: (connection: Connection) => Promise<void>,
  canCall: (connection: Connection) => boolean = () => true,
): Run {
  return async (peer, url, ms) => {
    const open = await Promise.all(Array.from({ length: connections }, () => peer.connect(url)));
    if (!open.every(canCall)) {
      await closeAll(open);
      return CANNOT;
    }
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
  };
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

/** Reads streams of small items, one after another. */
async function readItems({ items }: StreamUse, ms: number): Promise<number> {
  let done = 0;
  const each = (): void => {
    done++;
  };
  const end = performance.now() + ms;
  while (performance.now() < end) await items(ITEMS, each);
  return done;
}

/** Returns a scenario of one connection. `use` returns the number of operations. */
function withStreams(use: (streams: StreamUse, ms: number) => Promise<number>): Run {
  return async (peer, url, ms) => {
    const connection = await peer.connect(url);
    const { streams } = connection;
    const start = performance.now();
    const done = streams ? await use(streams, ms) : 0;
    const seconds = (performance.now() - start) / 1000;
    await connection.close();
    return streams ? { done, seconds } : CANNOT;
  };
}

// The ports of closed connections are in use for a minute, and connecting is slow when few ports are free.
const MAX_CONNECTIONS = 1500;

/** Connects and calls once, one connection after another. They stay open until the time is over. */
async function connections(peer: ClientPeer, url: string, ms: number): Promise<ScenarioResult> {
  const open: Connection[] = [];
  const start = performance.now();
  while (performance.now() < start + ms && open.length < MAX_CONNECTIONS) {
    const connection = await peer.connect(url);
    await square(connection);
    open.push(connection);
  }
  const seconds = (performance.now() - start) / 1000;
  await closeAll(open);
  return { done: open.length, seconds };
}

/** Closes connections and waits until they have ended, so that this does not affect the next measurement. */
async function closeAll(connections: readonly Connection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()));
}
