import { describe, expect, it, vi } from 'vitest';
import { defaultLimits, type RemoteFunction } from '../../../src/lib/index.js';
import { LOGGED_FAILURES } from '../../../src/lib/kite/limits/kite-limits.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

/** A generator that never waits, and never ends by itself. */
async function* endless(): AsyncGenerator<number> {
  for (let item = 0; ; item++) yield item;
}

describe('streams without a window', () => {
  it('an endless stream to a function of the caller lets the kite read, and ends when the caller gives up', async () => {
    const { server, client } = await connected();
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    server.handle('endless', async function* () {
      try {
        yield* endless();
      } finally {
        ended();
      }
    });
    const giveUp = new AbortController();
    let received = 0;
    const call = client.call('endless', [() => void received++], { signal: giveUp.signal });
    await settled();
    expect(await client.tell('kite.ping')).toBe('pong');
    giveUp.abort();
    await expect(call).rejects.toThrow('abort');
    await end;
    expect(received).toBeGreaterThan(0);
  });

  it('arrays of the streams of one connection share a limit', async () => {
    const limits = { ...defaultLimits, streamBytesPerConnection: 100_000 };
    const { server, client } = await connected({ limits });
    let go = (): void => undefined;
    const waits = new Promise<void>((resolve) => (go = resolve));
    server.handle('half', async function* () {
      yield 'x'.repeat(60_000);
      await waits;
    });
    const first = client.call('half', []);
    await settled();
    await expect(client.call('half', [])).rejects.toMatchObject({ type: 'requestLimitError' });
    go();
    expect(await first).toHaveLength(1);
    expect(await client.call('half', [])).toHaveLength(1);
  });

  it('a stream ends at the deadline of its caller although its handler never looks at the signal', async () => {
    const { server, caller, client } = await connected();
    let ended = false;
    let each = (): void => undefined;
    server.handle('deaf', async function* () {
      try {
        for (;;) {
          await new Promise<void>((resolve) => (each = resolve));
          yield 1;
        }
      } finally {
        ended = true;
      }
    });
    await client.tell('kite.ping');
    const call = expect(client.call('deaf', [() => undefined], { timeout: 500 })).rejects.toMatchObject({
      type: 'timeout',
    });
    await settled();
    server.clock.advance(600);
    each();
    await settled();
    expect(ended).toBe(true);
    caller.clock.advance(600);
    await call;
  });
});

describe('iterators that do not follow the protocol', () => {
  it.each([undefined, null, 7])('an iterator whose next resolves to %s fails its call only', async (step) => {
    const { server, client } = await connected();
    const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(step) }) };
    server.handle('broken', () => broken);
    server.handle<[AsyncIterable<unknown>]>('read', async ({ args: [items] }) => {
      for await (const _ of items) break;
    });
    const stream = client.stream('broken');
    if (typeof step === 'number') {
      // A number has no field `done`, so that each step is an item.
      expect(await stream.next()).toMatchObject({ done: false });
      stream.cancel();
      await expect(stream.result).rejects.toMatchObject({ type: 'canceled' });
      return;
    }
    await expect(stream.result).rejects.toMatchObject({ type: 'genericError' });
    await expect(client.call('read', [broken as unknown as AsyncIterable<unknown>])).rejects.toMatchObject({
      type: 'genericError',
    });
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});

type Given = [RemoteFunction, RemoteFunction, { mine: RemoteFunction }];

describe('answers and functions', () => {
  it('a result that a promise would wait for fails the call', async () => {
    const [near, far] = MemoryChannel.pair();
    const core = makeCore();
    const peer = core.accept(far);
    near.start({ message: () => undefined, drain: () => undefined, close: () => undefined });
    const call = peer.call('any', []);
    near.send(
      '{"method":0,"arguments":[{"error":null,"result":{"then":"[Function]"}}],"callbacks":{"77":[0,"result","then"]}}',
    );
    await expect(call).rejects.toMatchObject({ type: 'invalidResponse' });
    near.close();
  });

  it('a function in several places of a message arrives in each of them', async () => {
    const { server, client } = await connected();
    const called: unknown[] = [];
    const mine = (value: unknown): void => void called.push(value);
    server.handle('give', () => [mine, mine, { mine }]);
    server.handle<[RemoteFunction, RemoteFunction, { each: RemoteFunction }]>(
      'take',
      ({ args: [one, two, { each }] }) => {
        for (const [index, fn] of [one, two, each].entries()) void fn(index);
      },
    );
    server.handle('items', async function* () {
      yield [mine, mine];
    });
    const functions = await client.call<Given>('give', []);
    for (const fn of [functions[0], functions[1], functions[2].mine]) fn('result');
    for (const callbacks of ['call', 'connection'] as const)
      await client.call('take', [mine, mine, { each: mine }], { callbacks });
    using shared = client.share(mine);
    await client.call('take', [shared, shared, { each: shared }]);
    for await (const item of client.stream<RemoteFunction[]>('items')) for (const fn of item) fn('item');
    await settled();
    expect(called.map(String).toSorted()).toEqual(
      '0 0 0 1 1 1 2 2 2 item item result result result'.split(' '),
    );
  });

  it('bytes that change after a callback was called arrive as they were at the call', async () => {
    const { server, client } = await connected();
    server.handle<[RemoteFunction]>('fill', ({ args: [each] }) => {
      const buffer = new Uint8Array(5000);
      for (let value = 0; value < 20; value++) {
        buffer.fill(value);
        void each(value, buffer);
      }
      buffer.fill(99);
      return 'done';
    });
    await client.tell('kite.ping');
    const wrong: unknown[] = [];
    let seen = 0;
    await client.call('fill', [
      (value: number, bytes: Uint8Array) => {
        seen++;
        if (bytes[0] !== value || bytes[4999] !== value) wrong.push([value, bytes[0]]);
      },
    ]);
    expect([seen, wrong]).toEqual([20, []]);
  });

  it('a peer that makes functions fail does not fill the log', async () => {
    const error = vi.fn<(message: string) => void>();
    const { server, client } = await connected({ logger: { ...silentLogger, error } });
    server.handle<[RemoteFunction]>('many', ({ args: [each] }) => {
      for (let count = 0; count < 100; count++) void each();
    });
    await client.call('many', [
      () => {
        throw new Error('mine');
      },
    ]);
    await settled();
    const failures = error.mock.calls.filter(([message]) => message.includes('mine'));
    expect(failures).toHaveLength(LOGGED_FAILURES);
    expect(failures.at(-1)?.[0]).toContain('later ones are debug messages');
  });
});
