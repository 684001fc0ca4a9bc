import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeValues } from '../../../src/lib/dnode/decode-values.js';
import { dnodeLimits } from '../../../src/lib/dnode/dnode-limits.js';
import {
  type Client,
  isKiteError,
  KiteError,
  type RemoteFunction,
  type RemoteStream,
  type Request,
} from '../../../src/lib/index.js';
import type { CallOptions } from '../../../src/lib/kite/call/peer.js';
import { SPOKEN_EXTENSIONS } from '../../../src/lib/protocol/extensions.js';
import { isStream } from '../../../src/lib/util/item-source.js';
import { makeCore, memoryDialer, settled } from '../../helpers/kite/cores.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

/** One vector: see test/vectors/README.md. */
interface Vector {
  readonly name: string;
  readonly calls?: readonly VectorCall[];
  readonly peerSpeaks?: readonly string[] | null;
  readonly frames: readonly { readonly from: 'caller' | 'kite'; readonly message: unknown }[];
  readonly requests?: readonly unknown[];
}

interface VectorCall {
  readonly method: string;
  readonly args: unknown[];
  readonly options?: CallOptions;
  readonly abort?: true;
  /** What a function returns or throws, which is the last argument. */
  readonly callback?: unknown;
  readonly callbackError?: { readonly type: string; readonly message: string };
  /** Whether the result is a function, which the caller releases. */
  readonly release?: true;
  /** The items of a stream, which is the last argument. */
  readonly stream?: readonly unknown[];
  /** The items of the result, which is a stream. */
  readonly items?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

const folder = new URL('../../vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const vectors = files.flatMap((file) => {
  const { extension, vectors: list } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
    extension: string;
    vectors: Vector[];
  };
  return list.map((vector) => ({ ...vector, extension }));
});

/** Removes what differs: the caller, the ids of errors, and the names in lists of extensions, which later versions extend. */
function comparable(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message), (key, value: unknown) => {
    if (key === 'kite' && typeof value === 'object') return undefined;
    if (key === 'extensions') return 'a list';
    if (key !== 'error' || value === null) return value;
    return { ...(value as object), id: '' };
  }) as unknown;
}

function parsed(sent: readonly string[]): unknown[] {
  return sent.map((text) => comparable(JSON.parse(text)));
}

function messagesOf({ frames }: Vector, from: 'caller' | 'kite'): unknown[] {
  return frames.filter((frame) => frame.from === from).map(({ message }) => comparable(message));
}

/** A kite with the methods of the vectors, and what their handlers see. */
function vectorKite() {
  const server = makeCore();
  const requests: { readonly request: Request; readonly deadline: number | undefined }[] = [];
  const note = (request: Request): void => void requests.push({ request, deadline: request.timeLeft });
  server
    .handle('note', (request) => {
      note(request);
      return null;
    })
    .disableAuthentication();
  server
    .handle('endless', (request) => {
      note(request);
      return new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    })
    .disableAuthentication();
  server
    .handle<[number]>('count', async function* (request) {
      note(request);
      for (let item = 1; item <= request.args[0]; item++) yield item;
      return 'end';
    })
    .disableAuthentication();
  server
    .handle<[AsyncIterable<unknown>]>('collect', async (request) => {
      note(request);
      const items: unknown[] = [];
      for await (const item of request.args[0]) items.push(item);
      return items;
    })
    .disableAuthentication();
  server
    .handle<[unknown, RemoteFunction]>('ask', (request) => {
      note(request);
      return request.args[1](request.args[0]);
    })
    .disableAuthentication();
  server
    .handle('open', (request) => {
      note(request);
      return () => null;
    })
    .disableAuthentication();
  server
    .handle('busy', (request) => {
      note(request);
      const cause = new Error('no worker is free');
      const data = { after: 30, at: new Date(0) };
      const error = new KiteError('busy', 'try again later', { code: 'E1', cause, data });
      error.name = 'BusyError';
      throw error;
    })
    .disableAuthentication();
  const seen = (): unknown[] =>
    requests.map(({ request, deadline }) => ({
      method: request.method,
      ...(request.args.length > 0 && { args: request.args.map(placeholder) }),
      ...(deadline !== undefined && { deadline }),
      ...(request.trace && { trace: request.trace }),
      ...(Object.keys(request.metadata).length > 0 && { metadata: { ...request.metadata } }),
      ...(isKiteError(request.signal.reason, 'canceled') && { canceled: true }),
    }));
  return { server, seen };
}

function placeholder(arg: unknown): unknown {
  return isStream(arg) ? '[Stream]' : typeof arg === 'function' ? '[Function]' : arg;
}

/** Makes the calls of a vector, and checks what the caller gets. */
async function makeCalls(
  client: Pick<Client, 'call' | 'callStream'>,
  calls: readonly VectorCall[],
): Promise<void> {
  for (const { method, options = {}, abort, result = null, error, items, ...given } of calls) {
    const sent = decodeValues(structuredClone(given.args), dnodeLimits) as unknown[];
    const args = [...sent, ...lastArgument(given)];
    if (items) {
      await readItems(client.callStream(method, args, options), items, result, abort);
      continue;
    }
    const controller = new AbortController();
    const call = client.call(method, args, abort ? { ...options, signal: controller.signal } : options);
    if (abort) {
      const rejected = expect(call).rejects.toThrow('aborted');
      await settled();
      controller.abort();
      await rejected;
      await settled();
    } else if (given.release) {
      ((await call) as RemoteFunction).release();
      await settled();
    } else if (error)
      await expect(call).rejects.toMatchObject({ ...error, id: expect.any(String) as string });
    else expect(await call).toEqual(result);
  }
}

/** Returns the function or the stream that a call passes. */
function lastArgument({ callback, callbackError, stream }: Omit<VectorCall, 'method'>): unknown[] {
  if (stream) return [ReadableStream.from(stream)];
  if (callback !== undefined) return [() => callback];
  if (!callbackError) return [];
  return [() => Promise.reject(new KiteError(callbackError.type, callbackError.message))];
}

/** Reads the items of a stream, and leaves it early or compares its result. */
async function readItems(
  stream: RemoteStream<unknown, unknown>,
  items: readonly unknown[],
  result: unknown,
  abort: true | undefined,
): Promise<void> {
  const read: unknown[] = [];
  for await (const item of stream) {
    read.push(item);
    if (abort && read.length === items.length) break;
  }
  expect(read).toEqual(items);
  if (abort) await expect(stream.result).rejects.toMatchObject({ type: 'canceled' });
  else expect(await stream.result).toEqual(result);
  await settled();
}

/** A client whose peer sends the frames of a vector. */
async function clientOf({ frames }: Vector) {
  const [near, far] = MemoryChannel.pair();
  const script = [...frames];
  const play = (): void => {
    while (script[0]?.from === 'kite') far.send(JSON.stringify(script.shift()?.message));
  };
  far.start({
    message: () => {
      script.shift();
      play();
    },
    drain: () => undefined,
    close: () => undefined,
  });
  const client = makeCore({ dialer: () => Promise.resolve(near) }).newClient('memory:');
  await client.dial();
  return { client, near };
}

describe('the vectors of the protocol', () => {
  it('the vectors cover each extension that this version speaks', () => {
    const covered = new Set(vectors.map(({ extension }) => extension));
    console.log(`vectors: ${vectors.length} of ${[...covered].join(', ')}`);
    expect([...SPOKEN_EXTENSIONS].filter((name) => !covered.has(name))).toEqual([]);
    expect(covered.has('negotiation')).toBe(true);
  });

  it.each(vectors.filter(({ calls }) => calls))(
    'a caller sends and understands the messages of the vector "$extension: $name"',
    async (vector) => {
      const { client, near } = await clientOf(vector);
      await makeCalls(client, vector.calls ?? []);
      expect(parsed(near.sent)).toEqual(messagesOf(vector, 'caller'));
    },
  );

  it.each(vectors.filter(({ requests }) => requests))(
    'a kite sends and understands the messages of the vector "$extension: $name"',
    async (vector) => {
      const { server, seen } = vectorKite();
      const [near, far] = MemoryChannel.pair();
      near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
      server.accept(far);
      for (const { from, message } of vector.frames) {
        if (from === 'caller') near.send(JSON.stringify(message));
        await settled();
      }
      expect(parsed(far.sent)).toEqual(messagesOf(vector, 'kite'));
      expect(seen()).toEqual(decodeValues(structuredClone(vector.requests), dnodeLimits));
      near.close();
    },
  );

  it.each(vectors.filter(({ calls, requests }) => calls && requests))(
    'a caller and a kite exchange the messages of the vector "$extension: $name"',
    async (vector) => {
      const { server, seen } = vectorKite();
      const { dialer, ends } = memoryDialer(server);
      const client = makeCore({ dialer }).newClient('memory:');
      await client.dial();
      await makeCalls(client, vector.calls ?? []);
      expect(parsed(ends[0]?.near.sent ?? [])).toEqual(messagesOf(vector, 'caller'));
      expect(parsed(ends[0]?.far.sent ?? [])).toEqual(messagesOf(vector, 'kite'));
      expect(seen()).toEqual(decodeValues(structuredClone(vector.requests), dnodeLimits));
    },
  );
});
