import { createReadStream, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits, isKiteError, Kite, type Limits, type Request } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import { Receiver } from '../../../src/lib/kite/call/receiver.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';
import { tableEntries } from '../../helpers/leaks/table-entries.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';
import { SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

/** Counts to a number; records how far it got, and whether it has ended. */
function counter(server: ReturnType<typeof makeCore>): { made: number; ended: string[] } {
  const seen = { made: 0, ended: [] as string[] };
  server.handle<[number]>('count', async function* ({ args: [to] }) {
    try {
      for (let index = 1; index <= to; index++) {
        seen.made = index;
        yield index;
      }
      return 'end';
    } finally {
      seen.ended.push('ended');
    }
  });
  return seen;
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* numbers(to: number, ended: () => void = () => undefined): AsyncGenerator<number, void> {
  try {
    for (let index = 1; index <= to; index++) yield index;
  } finally {
    ended();
  }
}

function running(server: ReturnType<typeof makeCore>): number[] {
  return [...server.accepted].map(({ flow }) => flow.running);
}

// The connections are still open.
afterEach(() => expect.poll(tableEntries).toEqual([]));

describe('streams as results', () => {
  it('the items of a generator arrive in order, and its return value is the result', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const stream = client.stream<number, string>('count', 1000);
    const items = await collect(stream);
    expect(items).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(await stream.result).toBe('end');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await settled();
    expect([seen.ended, running(server)]).toEqual([['ended'], [0]]);
  });

  it('the first call of a connection can be a stream, and sends no other message', async () => {
    const { server, client, near, far } = await connected();
    counter(server);
    expect(await collect(client.stream('count', 3))).toEqual([1, 2, 3]);
    // The items share a message.
    expect([near.sent.length, far.sent.length]).toEqual([1, 2]);
  });

  it('every kind of stream can be a result', async () => {
    const { server, client } = await connected();
    const kinds: Record<string, () => unknown> = {
      generator: () => numbers(3),
      promise: () => Promise.resolve(numbers(3)),
      iterable: () => ({ [Symbol.asyncIterator]: () => numbers(3) }),
      readable: () => Readable.from([1, 2, 3]),
      readableStream: () => ReadableStream.from([1, 2, 3]),
      unevenStream: () => ({ getReader: () => ReadableStream.from([1, 2, 3]).getReader(), locked: false }),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      server.handle(kind, make);
      const stream = client.stream(kind);
      expect([kind, await collect(stream), await stream.result]).toEqual([kind, [1, 2, 3], null]);
    }
    expect(Object.keys(kinds)).toHaveLength(6);
  });

  it('items can contain functions and values that JSON does not have', async () => {
    const { server, client } = await connected();
    const called: unknown[] = [];
    server.handle('items', async function* () {
      yield { due: new Date(5), tell: (word: unknown) => called.push(word) };
      yield new Uint8Array([1, 2, 3]);
      yield undefined;
      yield 'x'.repeat(100_000);
    });
    const [first, second, third, fourth] = await collect(client.stream('items'));
    const { due, tell } = first as { due: Date; tell: (word: string) => void };
    tell('hello');
    await settled();
    expect([due, called, second, third ?? null]).toEqual([
      new Date(5),
      ['hello'],
      new Uint8Array([1, 2, 3]),
      null,
    ]);
    expect(fourth).toHaveLength(100_000);
    // The function can be called until the connection ends.
    client.close();
  });

  it('a loop that ends early runs the finally of the generator at the kite', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const leave: ((stream: AsyncIterable<unknown>) => Promise<void>)[] = [
      async (stream) => {
        for await (const item of stream) if (item === 3) break;
      },
      async (stream) => {
        for await (const item of stream) if (item === 3) return;
      },
      async (stream) => {
        for await (const item of stream) if (item === 3) throw new Error('enough');
      },
    ];
    for (const [index, end] of leave.entries()) {
      const stream = client.stream('count', 1e6);
      await end(stream).catch(() => undefined);
      await expect(stream.result).rejects.toMatchObject({ type: 'canceled' });
      await settled();
      expect(seen.ended).toHaveLength(index + 1);
      expect(running(server)).toEqual([0]);
    }
  });

  it('the signal of a stream ends it at both sides', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const controller = new AbortController();
    const stream = client.callStream<number>('count', [1e6], { signal: controller.signal });
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    controller.abort(new Error('stop'));
    // Items that have arrived are discarded.
    await expect(stream.next()).rejects.toThrow('stop');
    await expect(stream.result).rejects.toThrow('stop');
    await settled();
    expect([seen.ended, running(server)]).toEqual([['ended'], [0]]);
  });

  it('the timeout of the client ends a stream that does not begin, and its own timeout ends it at both sides', async () => {
    const { server, caller, client } = await connected();
    const requests: Request[] = [];
    server.handle('slow', async function* (request) {
      requests.push(request);
      yield 1;
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    });
    const stream = client.stream('slow');
    const limited = client.callStream('slow', [], { timeout: 10 });
    await settled();
    caller.clock.advance(1e6);
    await expect(limited.result).rejects.toMatchObject({ type: 'timeout' });
    await settled();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    stream.cancel();
    // oxlint-disable-next-line require-yield -- it ends without an item
    server.handle('quiet', async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    server.handle(
      'never',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    );
    const quiet = client.stream('quiet');
    const never = client.stream('never');
    await settled();
    caller.clock.advance(1e6);
    await expect(never.result).rejects.toMatchObject({ type: 'timeout' });
    expect([quiet.begun, never.begun]).toEqual([true, false]);
    quiet.cancel();
    await settled();
    expect(running(server)).toEqual([0]);
  });

  it('a failure of the generator follows the items that it has made', async () => {
    const { server, client } = await connected();
    server.handle('failing', async function* () {
      yield 1;
      yield 2;
      throw new Error('broken');
    });
    const stream = client.stream('failing');
    expect([await stream.next(), await stream.next()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
    await expect(stream.next()).rejects.toThrow('broken');
    await expect(stream.result).rejects.toThrow('broken');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('an item that cannot be sent ends the stream with the reason, and its generator', async () => {
    const { server, client } = await connected();
    const ended: string[] = [];
    server.handle('bad', async function* () {
      try {
        yield 1;
        yield Symbol('x');
      } finally {
        ended.push('ended');
      }
    });
    await expect(collect(client.stream('bad'))).rejects.toThrow('Symbol');
    expect([ended, running(server)]).toEqual([['ended'], [0]]);
  });

  it('a method that does not stream has a result and no items, and its error is that of the stream', async () => {
    const { client } = await connected();
    const stream = client.stream('kite.ping');
    expect([await collect(stream), await stream.result]).toEqual([[], 'pong']);
    await expect(collect(client.stream('missing'))).rejects.toMatchObject({ type: 'methodNotFound' });
    client.close();
    await expect(collect(client.stream('kite.ping'))).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('a consumer that does not read lets the producer make one window of items, and then as many as it takes', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const stream = client.stream<number>('count', 1e6);
    await settled();
    expect(seen.made).toBe(256);
    for (let index = 0; index < 64; index++) await stream.next();
    await settled();
    expect(seen.made).toBe(256 + 64);
    stream.cancel();
    await settled();
    expect(seen.ended).toHaveLength(1);
  });

  it('a consumer that does not read lets the producer make one window of bytes', async () => {
    const { server, client } = await connected();
    let made = 0;
    server.handle('large', async function* () {
      for (;;) {
        made++;
        yield 'x'.repeat(100_000);
      }
    });
    const stream = client.stream('large');
    await settled();
    expect(made).toBe(Math.ceil((1024 * 1024) / 100_000));
    stream.cancel();
    await settled();
    expect(running(server)).toEqual([0]);
  });

  it('the limits determine the window, and the length of an array', async () => {
    const limits = { ...defaultLimits, streamItems: 4, streamArrayItems: 2 };
    const { server, client } = await connected({ limits });
    const seen = counter(server);
    const stream = client.stream('count', 1e6);
    await settled();
    expect(seen.made).toBe(4);
    stream.cancel();
    expect(await client.call('count', [2])).toEqual([1, 2]);
    await expect(client.call('count', [3])).rejects.toThrow('more than 2 items (limits.streamArrayItems)');
  });

  it('a kite without concurrency runs the next call when the stream has ended', async () => {
    const { server, client } = await connected({ concurrent: false });
    counter(server);
    const stream = client.stream('count', 1000);
    const ping = client.tell('kite.ping');
    await settled();
    expect(running(server)).toEqual([2]);
    expect(await collect(stream)).toHaveLength(1000);
    expect(await ping).toBe('pong');
  });

  it('the handlers around a method run before its items are sent', async () => {
    const { server, client } = await connected();
    const order: unknown[] = [];
    server
      .handle('around', async function* () {
        order.push('items');
        yield 1;
      })
      .finalFunc(() => void order.push('final'));
    expect(await collect(client.stream('around'))).toEqual([1]);
    expect(order).toEqual(['final', 'items']);
  });

  it('the disconnect of a caller ends its streams', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const stream = client.stream('count', 1e6);
    await stream.next();
    client.close();
    await expect(stream.result).rejects.toMatchObject({ type: 'disconnect' });
    await settled();
    expect(seen.ended).toEqual(['ended']);
  });
});

describe('streams as arguments', () => {
  it('a handler iterates every kind of stream, anywhere in the arguments', async () => {
    const { server, client } = await connected();
    server.handle<[{ list: AsyncIterable<unknown>[] }]>('collect', async ({ args: [{ list }] }) =>
      Promise.all(list.map(collect)),
    );
    const list = [
      numbers(3),
      { [Symbol.asyncIterator]: () => numbers(3) },
      Readable.from([1, 2, 3]),
      ReadableStream.from([1, 2, 3]),
    ];
    expect(await client.call('collect', [{ list }])).toEqual(list.map(() => [1, 2, 3]));
  });

  it('a stream in the first call of a connection waits for one ping, and later ones for none', async () => {
    const { server, client, near } = await connected();
    server.handle<[AsyncIterable<unknown>]>('collect', ({ args: [items] }) => collect(items));
    expect(await client.call('collect', [numbers(2)])).toEqual([1, 2]);
    // The ping, the call, the items and the end.
    expect(near.sent.length).toBe(4);
    expect(near.sent[0]).toContain('kite.ping');
    expect(await client.call('collect', [numbers(2)])).toEqual([1, 2]);
    expect(near.sent.length).toBe(7);
  });

  it('streams go both ways in one call, and the slower reader determines the speed of both', async () => {
    const { server, client } = await connected();
    let made = 0;
    server.handle<[AsyncIterable<number>]>('double', async function* ({ args: [items] }) {
      for await (const item of items) yield 2 * item;
      return 'done';
    });
    async function* counting(): AsyncGenerator<number> {
      while (made < 2000) yield ++made;
    }
    const stream = client.stream<number, string>('double', counting());
    expect(await stream.next()).toEqual({ done: false, value: 2 });
    await settled();
    expect(made).toBeLessThanOrEqual(2 * 256 + 64 + 1);
    expect(await collect(stream)).toHaveLength(1999);
    expect(await stream.result).toBe('done');
  });

  it('a stream ends at the caller when the handler stops reading, or has answered without reading it', async () => {
    const { server, client } = await connected();
    const ended: string[] = [];
    server.handle<[AsyncIterable<number>]>('some', async ({ args: [items] }) => {
      for await (const item of items) if (item === 2) break;
      return 'enough';
    });
    server.handle('none', () => 'nothing');
    server.handle('fails', () => Promise.reject(new Error('no')));
    expect(await client.call('some', [numbers(1e6, () => ended.push('some'))])).toBe('enough');
    await settled();
    const readable = Readable.from(numbers(1e6));
    expect(await client.call('none', [readable])).toBe('nothing');
    await expect(client.call('fails', [numbers(1e6)])).rejects.toThrow('no');
    await settled();
    expect([ended, readable.destroyed]).toEqual([['some'], true]);
  });

  it('the abort of a call ends its stream at the caller, and the iteration at the handler', async () => {
    const { server, client } = await connected();
    const ended: string[] = [];
    const failures: unknown[] = [];
    server.handle<[AsyncIterable<number>]>('read', async ({ args: [items], signal }) => {
      try {
        for await (const item of items)
          if (item === 300) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } catch (error) {
        failures.push(error);
      }
    });
    const controller = new AbortController();
    const call = client.call('read', [numbers(1e6, () => ended.push('ended'))], {
      signal: controller.signal,
    });
    const rejected = expect(call).rejects.toThrow('stop');
    await settled();
    controller.abort(new Error('stop'));
    await rejected;
    await settled();
    expect(ended).toEqual(['ended']);
    client.close();
    await settled();
    expect(failures.map((error) => isKiteError(error, 'disconnect'))).toEqual([true]);
  });

  it('the error of a stream, such as a missing file, is what the handler gets', async () => {
    const { server, client } = await connected();
    server.handle<[AsyncIterable<unknown>]>('collect', ({ args: [items] }) => collect(items));
    await expect(client.call('collect', [createReadStream('/no/such/file')])).rejects.toThrow('ENOENT');
    server.handle('ignore', () => 'ignored');
    expect(await client.call('ignore', [createReadStream('/no/such/file')])).toBe('ignored');
  });

  it('a file arrives as bytes', async () => {
    const { server, client } = await connected();
    const path = join(await mkdtemp(join(tmpdir(), 'stream-')), 'file');
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    writeFileSync(path, content);
    server.handle<[AsyncIterable<Uint8Array>]>('upload', async ({ args: [items] }) => {
      const parts: Uint8Array[] = [];
      for await (const part of items) parts.push(part);
      return Buffer.concat(parts).equals(content);
    });
    expect(await client.call('upload', [createReadStream(path)])).toBe(true);
  });

  it('a stream in two places of the arguments fails with both paths, and ends', async () => {
    const { server, client } = await connected();
    server.handle('upload', () => null);
    await client.tell('kite.ping');
    const items = Readable.from([1, 2, 3]);
    const closed = new Promise((resolve) => items.on('close', resolve));
    await expect(client.call('upload', [items, { again: [items] }])).rejects.toMatchObject({
      type: 'argumentError',
      message: 'args[1].again[0]: the stream at args[0] cannot be sent twice',
    });
    await closed;
    expect(await client.call('upload', [numbers(3), numbers(3)])).toBeNull();
  });

  it('a stream of a caller can be iterated once, and only while its call runs', async () => {
    const { server, client } = await connected();
    const kept: AsyncIterable<unknown>[] = [];
    server.handle<[AsyncIterable<unknown>]>('twice', async ({ args: [items] }) => {
      kept.push(items);
      for await (const _ of items) break;
      return collect(items);
    });
    server.handle<[AsyncIterable<unknown>]>('keep', ({ args: [items] }) => void kept.push(items));
    await expect(client.call('twice', [numbers(3)])).rejects.toThrow('only once');
    await client.call('keep', [numbers(3)]);
    await settled();
    await expect(collect(kept[1] as AsyncIterable<unknown>)).rejects.toMatchObject({ type: 'canceled' });
  });

  it('a call with a stream has no default timeout', async () => {
    const { server, caller, client } = await connected();
    server.handle<[AsyncIterable<unknown>]>('collect', ({ args: [items] }) => collect(items));
    let finish = (): void => undefined;
    async function* slow(): AsyncGenerator<number> {
      yield 1;
      await new Promise<void>((resolve) => (finish = resolve));
      yield 2;
    }
    const call = client.call('collect', [slow()]);
    await settled();
    caller.clock.advance(1e6);
    finish();
    expect(await call).toEqual([1, 2]);
  });

  it('a stream anywhere else fails with the reason', async () => {
    const { server, client } = await connected();
    server.handle('nested', () => ({ items: numbers(3) }));
    await expect(client.tell('nested')).rejects.toThrow('A stream can only be an argument of a call');
    server.handle('items', async function* () {
      yield numbers(3);
    });
    await expect(collect(client.stream('items'))).rejects.toThrow(
      'A stream can only be an argument of a call',
    );
  });
});

describe('streams over the network', () => {
  it.each(SINGLE_TRANSPORTS)(
    'streams go both ways over %s, and end when the caller leaves',
    async (transport) => {
      const options = { port: 0, kiteKey: false, env: {}, logger: silentLogger } as const;
      const server = new Kite('math', '1.0.0', options);
      const caller = new Kite('caller', '1.0.0', options);
      onTestFinished(async () => {
        await caller.close();
        await server.close({ drainTimeout: 0 });
      });
      const ended: string[] = [];
      server
        .handle<[AsyncIterable<number>]>('double', async function* ({ args: [items] }) {
          try {
            for await (const item of items) yield 2 * item;
          } finally {
            ended.push('double');
          }
        })
        .disableAuthentication();
      await server.listen();
      const client = caller.newClient(server.url ?? '', { transport });
      await client.dial();
      const items = await collect(client.stream('double', numbers(1000)));
      expect(items).toEqual(Array.from({ length: 1000 }, (_, index) => 2 * index + 2));
      for await (const item of client.stream(
        'double',
        numbers(1e6, () => ended.push('numbers')),
      ))
        if (item === 600) break;
      await vi.waitFor(() => expect(ended.toSorted()).toEqual(['double', 'double', 'numbers']));
    },
  );
});

/** A kite with methods that stream, and a client of it over a transport. */
async function overNetwork(transport: (typeof SINGLE_TRANSPORTS)[number]) {
  const options = { port: 0, kiteKey: false, env: {}, logger: silentLogger } as const;
  const server = new Kite('math', '1.0.0', options);
  const caller = new Kite('caller', '1.0.0', options);
  onTestFinished(async () => {
    await caller.close();
    await server.close({ drainTimeout: 0 });
  });
  await server.listen();
  const client = caller.newClient(server.url ?? '', { transport });
  await client.dial();
  return { server, client };
}

describe.each(SINGLE_TRANSPORTS)('streams over %s', (transport) => {
  it(`every kind of stream, with objects and bytes inside, is a result and an argument over ${transport}`, async () => {
    const { server, client } = await overNetwork(transport);
    const items = [
      { due: new Date(5), bytes: new Uint8Array([1, 2, 3]) },
      'x'.repeat(70_000),
      [1, { a: 2n }],
    ];
    async function* generator(): AsyncGenerator<unknown, void> {
      yield* items;
    }
    const kinds: Record<string, () => AsyncIterable<unknown> | ReadableStream> = {
      generator,
      iterable: () => ({ [Symbol.asyncIterator]: generator }),
      readable: () => Readable.from(items),
      readableStream: () => ReadableStream.from(items),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      server.handle(kind, make).disableAuthentication();
      server
        .handle<[AsyncIterable<unknown>]>('through', ({ args: [given] }) => given)
        .disableAuthentication();
      expect([kind, await collect(client.stream(kind))]).toEqual([kind, items]);
      expect([kind, await collect(client.stream('through', make()))]).toEqual([kind, items]);
    }
    expect(Object.keys(kinds)).toHaveLength(4);
  });

  it(`an error in the middle of a stream arrives after its items over ${transport}`, async () => {
    const { server, client } = await overNetwork(transport);
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error('broken');
    }
    server.handle('failing', failing).disableAuthentication();
    const read: unknown[] = [];
    const seen: unknown[] = [];
    server
      .handle<[AsyncIterable<unknown>]>('read', async ({ args: [items] }) => {
        for await (const item of items) seen.push(item);
      })
      .disableAuthentication();
    await expect(
      (async () => {
        for await (const item of client.stream('failing')) read.push(item);
      })(),
    ).rejects.toThrow('broken');
    await expect(client.call('read', [failing()])).rejects.toThrow('broken');
    expect([read, seen]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it(`a reader that stops lets the other side make one window of items or of bytes over ${transport}`, async () => {
    const { server, client } = await overNetwork(transport);
    const size = 100_000;
    const kinds = [
      { item: 1 as unknown, window: 256 },
      { item: 'x'.repeat(size), window: Math.ceil((1024 * 1024) / size) },
      { item: new Uint8Array(size), window: Math.ceil((1024 * 1024) / size) },
    ];
    for (const { item, window } of kinds) {
      const made = { results: 0, args: 0 };
      const ended: string[] = [];
      const endless = async function* (kind: 'results' | 'args'): AsyncGenerator {
        try {
          for (;;) {
            made[kind]++;
            yield item;
          }
        } finally {
          ended.push(kind);
        }
      };
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      server
        .handle<[AsyncIterable<unknown>]>('stall', async ({ args: [items], signal }) => {
          const iterator = items[Symbol.asyncIterator]();
          await iterator.next();
          begin();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        })
        .disableAuthentication();
      server.handle('endless', () => endless('results')).disableAuthentication();
      const stream = client.stream('endless');
      await stream.next();
      const controller = new AbortController();
      const call = client.call('stall', [endless('args')], { signal: controller.signal });
      const rejected = expect(call).rejects.toThrow('aborted');
      await begun;
      // A whole window arrives. As base64, bytes take a third more of it.
      await expect
        .poll(() => Math.min(made.results, made.args))
        .toBeGreaterThanOrEqual(Math.floor(window * 0.7));
      for (let round = 0; round < 20; round++) await client.tell('kite.ping');
      expect(Math.max(made.results, made.args)).toBeLessThanOrEqual(window + 1);
      stream.cancel();
      controller.abort();
      await rejected;
      await expect.poll(() => ended.toSorted()).toEqual(['args', 'results']);
    }
  });

  it(`an aborted call gets no answer over ${transport}, and its handler learns of it`, async () => {
    const { server, client } = await overNetwork(transport);
    const reasons: unknown[] = [];
    server
      .handle('endless', async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reasons.push(signal.reason);
        return 'an answer';
      })
      .disableAuthentication();
    await client.tell('kite.ping');
    const received = vi.spyOn(Receiver.prototype, 'message');
    onTestFinished(() => received.mockRestore());
    const controller = new AbortController();
    const call = client.call('endless', [], { signal: controller.signal });
    const rejected = expect(call).rejects.toThrow('aborted');
    await client.tell('kite.ping');
    controller.abort();
    await rejected;
    await expect.poll(() => reasons.length).toBe(1);
    await client.tell('kite.ping');
    // Both pings have an answer, and the call has none.
    const answers = received.mock.calls.filter(([text]) => text.includes('"result"'));
    expect(answers.map(([text]) => text.includes('pong'))).toEqual([true, true]);
    expect(isKiteError(reasons[0], 'canceled')).toBe(true);
  });
});

describe('streams and peers without the extension', () => {
  it('a call that passes a function last gets each item by a call of it, and the return value as result', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    const items: unknown[] = [];
    expect(await client.call('count', [300, (item: unknown) => items.push(item)])).toBe('end');
    expect([items.length, items.at(-1), seen.ended]).toEqual([300, 300, ['ended']]);
  });

  it('a call without a function gets the items as an array', async () => {
    const { server, client } = await connected();
    counter(server);
    expect(await client.call('count', [3])).toEqual([1, 2, 3]);
    expect(await client.call('count', [0])).toEqual([]);
  });

  it('an array that would be too long ends the generator and fails with streamTooLong', async () => {
    const { server, client } = await connected();
    const seen = counter(server);
    expect(await client.call('count', [65_536])).toHaveLength(65_536);
    await expect(client.call('count', [1e9])).rejects.toMatchObject({ code: 'streamTooLong' });
    expect([seen.made, seen.ended.length]).toEqual([65_537, 2]);
    let made = 0;
    server.handle('large', async function* () {
      for (;;) {
        made++;
        yield 'x'.repeat(1024 * 1024);
      }
    });
    await expect(client.call('large', [])).rejects.toThrow('limits.messageBytes');
    expect(made).toBe(16);
  });

  /** A connection of ours whose other end answers as a peer without extensions does, and what arrives there. */
  async function oldPeer() {
    const [near, far] = MemoryChannel.pair();
    const received: { method: unknown; arguments: [Record<string, unknown>]; callbacks: object }[] = [];
    const result: unknown[] = [];
    near.start({
      message: (text) => {
        const message = JSON.parse(text) as (typeof received)[number];
        received.push(message);
        const paths = Object.entries(message.callbacks) as [string, unknown[]][];
        const number = paths.find(([, path]) => path[1] === 'responseCallback')?.[0];
        near.send(
          `{"method":${number ?? 0},"arguments":[{"error":null,"result":${JSON.stringify(result)}}],"callbacks":{}}`,
        );
      },
      drain: () => undefined,
      close: () => undefined,
    });
    const peer = makeCore().accept(far) as Connection;
    await settled();
    return { peer, received, result };
  }

  it('a stream among the arguments fails with its path, after a ping if it is the first call, and ends', async () => {
    const { peer, received } = await oldPeer();
    let ended = false;
    const items = Readable.from([1, 2, 3]);
    items.on('close', () => (ended = true));
    await expect(peer.call('upload', ['name', { from: [items] }])).rejects.toMatchObject({
      type: 'argumentError',
      message: 'args[1].from[0]: a stream cannot be sent to this peer',
    });
    await expect(peer.call('upload', [numbers(3)])).rejects.toThrow(
      'args[0]: a stream cannot be sent to this peer',
    );
    await settled();
    expect([received.map(({ method }) => method), ended]).toEqual([['kite.ping'], true]);
  });

  it('the stream of a method of an old peer has no items, and its result is what the method returns', async () => {
    const { peer, received, result } = await oldPeer();
    result.push('a', 'b');
    const stream = peer.callStream('list', []);
    expect([await collect(stream), await stream.result]).toEqual([[], ['a', 'b']]);
    await peer.callStream('list', []).result;
    // The first call offers to receive a stream, which such a peer ignores.
    expect(received.map(({ arguments: [options] }) => 'stream' in options)).toEqual([true, false]);
  });
});

const SMALL_WINDOWS: readonly Partial<Limits>[] = [
  { streamItems: 1 },
  { streamItems: 8 },
  { streamItems: 63 },
  { streamBytes: 100 },
  { streamBytes: 65_536 },
];

describe('a stream between kites with different limits', () => {
  const lengths = [10, 1000];
  const cases = SMALL_WINDOWS.flatMap((limits) => lengths.map((length) => ({ limits, length })));

  it.each(cases)(
    'all items of $length characters arrive if the sender has $limits',
    async ({ limits, length }) => {
      const options = { port: 0, env: {}, kiteKey: false, logger: silentLogger } as const;
      const small = new Kite('small', '1.0.0', { ...options, limits });
      const usual = new Kite('usual', '1.0.0', options);
      onTestFinished(async () => {
        await Promise.all([usual.close({ drainTimeout: 0 }), small.close({ drainTimeout: 0 })]);
      });
      async function* items(count: number): AsyncGenerator<string> {
        for (let item = 0; item < count; item++) yield `${item}`.padEnd(length);
      }
      small.handle<[number]>('items', ({ args: [count] }) => items(count)).disableAuthentication();
      usual
        .handle<[AsyncIterable<string>]>('read', async ({ args: [all] }) => {
          let count = 0;
          for await (const item of all) if (Number(item) === count) count++;
          return count;
        })
        .disableAuthentication();
      await Promise.all([small.listen(), usual.listen()]);
      const toSmall = usual.newClient(small.url ?? '');
      const toUsual = small.newClient(usual.url ?? '');
      await Promise.all([toSmall.dial(), toUsual.dial()]);
      let read = 0;
      for await (const item of toSmall.stream('items', 100)) if (Number(item) === read) read++;
      expect(read).toBe(100);
      expect(await toUsual.call('read', [items(100)])).toBe(100);
    },
  );

  it('the windows that were tried are smaller than a quarter of the usual one', () => {
    expect(defaultLimits).toMatchObject({ streamItems: 256, streamBytes: 1024 * 1024 });
    console.log(
      `${SMALL_WINDOWS.length} windows × ${lengths.length} lengths of items, results and arguments`,
    );
  });
});
