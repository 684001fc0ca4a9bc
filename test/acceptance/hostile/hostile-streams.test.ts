import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits, isKiteError } from '../../../src/lib/index.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import { connected, makeCore, settled } from '../../helpers/kite/cores.js';
import { tableEntries } from '../../helpers/leaks/table-entries.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

interface RawPeer {
  readonly connection: Connection;
  /** What the kite has sent. */
  readonly received: string[];
  /** How the connection has ended, if it has. */
  readonly closed: number[];
  send(...messages: unknown[]): void;
  end(): void;
}

/** A peer that sends whatever a test wants, connected to a kite. It speaks the extensions. */
function rawPeer(core: ReturnType<typeof makeCore>): RawPeer {
  const [near, far] = MemoryChannel.pair();
  const connection = core.accept(far) as Connection;
  const received: string[] = [];
  const closed: number[] = [];
  near.start({
    message: (text) => void received.push(text),
    drain: () => undefined,
    close: (code) => void closed.push(code),
  });
  const send = (...messages: unknown[]): void => {
    for (const message of messages) near.send(JSON.stringify(message));
  };
  send({
    method: 'kite.ping',
    arguments: [{ kite: {}, authentication: null, withArgs: [], extensions: ['cancel', 'stream'] }],
    callbacks: {},
  });
  const end = (): void => near.close();
  onTestFinished(end);
  return { connection, received, closed, send, end };
}

function call(
  method: string,
  withArgs: unknown[],
  number: number,
  stream?: unknown,
  more: object = {},
): object {
  const items = stream === undefined ? {} : { [number + 1]: [0, 'stream', 'next'] };
  return {
    method,
    arguments: [
      {
        kite: {},
        authentication: null,
        withArgs,
        responseCallback: '[Function]',
        ...(stream !== undefined && { stream }),
      },
    ],
    callbacks: { [number]: [0, 'responseCallback'], ...items, ...more },
  };
}

const WINDOW = { next: '[Function]', items: 256, bytes: 1_048_576 };

function control(method: string, ...withArgs: unknown[]): object {
  return { method, arguments: [{ withArgs }], callbacks: {} };
}

function item(number: number, ...values: unknown[]): object {
  return { method: number, arguments: values, callbacks: {} };
}

function answer(number: number, result: unknown): object {
  return { method: number, arguments: [{ error: null, result }], callbacks: {} };
}

/** A kite with an endless stream, and how many items it has made and how many of its generators have ended. */
function endlessKite(): { core: ReturnType<typeof makeCore>; seen: { made: number; ended: number } } {
  const core = makeCore();
  const seen = { made: 0, ended: 0 };
  core
    .handle('endless', async function* () {
      try {
        for (;;) yield ++seen.made;
      } finally {
        seen.ended++;
      }
    })
    .disableAuthentication();
  return { core, seen };
}

/** The number of items that were sent to a function. */
function itemsFor(number: number, received: readonly string[]): number {
  const messages = received.filter((text) => text.startsWith(`{"method":${number},`));
  return messages.reduce(
    (sum, text) => sum + (JSON.parse(text) as { arguments: unknown[] }).arguments.length,
    0,
  );
}

// The connections are still open.
afterEach(() => expect.poll(tableEntries).toEqual([]));

describe('hostile callers of streams', () => {
  it('credit that is not a number of sent items is ignored', async () => {
    const { core, seen } = endlessKite();
    const peer = rawPeer(core);
    peer.send(call('endless', [], 0, WINDOW));
    await settled();
    const credits = [-1, 0, 1e9, 257, 1.5, '1', 'many', null, [1], {}, true, undefined];
    for (const credit of credits) peer.send(control('kite.credit', 1, credit));
    peer.send(control('kite.credit'), control('kite.credit', 0, 1), control('kite.credit', 77, 1));
    peer.send(
      control('kite.credit', '1', 1),
      control('kite.credit', '__proto__', 1),
      control('kite.credit', {}, 1),
    );
    await settled();
    expect([credits.length, seen.made, itemsFor(1, peer.received), peer.closed]).toEqual([12, 256, 256, []]);
    peer.send(control('kite.credit', 1, 256));
    await settled();
    expect(seen.made).toBe(512);
    peer.end();
    await settled();
    expect(seen.ended).toBe(1);
  });

  it('a window is at most that of the limits, and an invalid one fails the call', async () => {
    const { core, seen } = endlessKite();
    const peer = rawPeer(core);
    peer.send(call('endless', [], 0, { next: '[Function]', items: 1e9, bytes: 1e15 }));
    await settled();
    expect(seen.made).toBe(256);
    const windows = [
      'x',
      null,
      [],
      {},
      { items: 0, bytes: 1 },
      { items: -1, bytes: 1 },
      { items: 1, bytes: 0 },
      { items: '1', bytes: 1 },
      { items: 1.5, bytes: 1 },
    ];
    for (const [index, window] of windows.entries()) {
      const stream =
        typeof window === 'object' && window !== null && !Array.isArray(window)
          ? { next: '[Function]', ...window }
          : window;
      peer.send(call('endless', [], 10 * index + 10, stream));
    }
    await settled();
    const errors = peer.received.filter((text) => text.includes('argumentError'));
    expect([errors.length, seen.made, seen.ended]).toEqual([windows.length, 256, 0]);
    peer.end();
    await settled();
    expect(seen.ended).toBe(1);
  });

  it('a stream that is canceled before it begins, twice or by another connection ends at most once', async () => {
    const { core, seen } = endlessKite();
    const [peer, other] = [rawPeer(core), rawPeer(core)];
    peer.send(control('kite.cancel', 0), call('endless', [], 0, WINDOW));
    await settled();
    expect(seen.made).toBe(256);
    other.send(control('kite.cancel', 0), control('kite.credit', 1, 100));
    await settled();
    expect([seen.made, seen.ended]).toEqual([256, 0]);
    peer.send(control('kite.cancel', 0), control('kite.cancel', 0), control('kite.credit', 1, 100));
    await settled();
    expect([seen.made, seen.ended, peer.connection.flow.running]).toEqual([256, 1, 0]);
  });

  it('a second stream with the same function fails, and the first continues', async () => {
    const { core, seen } = endlessKite();
    const peer = rawPeer(core);
    peer.send(call('endless', [], 0, WINDOW), call('endless', [], 0, WINDOW));
    await settled();
    expect(peer.received.filter((text) => text.includes('the same function 1'))).toHaveLength(1);
    peer.send(control('kite.credit', 1, 10));
    await settled();
    expect(seen.made).toBe(266);
    peer.end();
    await settled();
    expect(seen.ended).toBe(1);
  });

  it('ten thousand streams on one connection make a window each, and end with it', async () => {
    const { core, seen } = endlessKite();
    const peer = rawPeer(core);
    for (let index = 0; index < 10_000; index++)
      peer.send(call('endless', [], 2 * index, { next: '[Function]', items: 2, bytes: 1000 }));
    await settled();
    expect([seen.made, peer.connection.flow.running]).toEqual([20_000, 10_000]);
    peer.end();
    await settled();
    expect([seen.ended, peer.connection.flow.running]).toEqual([10_000, 0]);
  });

  it('ten thousand streams among the arguments of calls on one connection arrive, with as many results', async () => {
    const { server, client } = await connected();
    server.handle<[AsyncIterable<number>]>('double', async function* ({ args: [items] }) {
      for await (const item of items) yield 2 * item;
    });
    const ended = { sources: 0 };
    const numbers = async function* (from: number): AsyncGenerator<number> {
      yield from;
      yield from + 1;
      ended.sources++;
    };
    const read = async (from: number): Promise<number> => {
      let sum = 0;
      for await (const item of client.stream<number>('double', numbers(from))) sum += item;
      return sum;
    };
    await client.tell('kite.ping');
    const sums = await Promise.all(Array.from({ length: 10_000 }, (_, from) => read(from)));
    expect(sums).toEqual(Array.from({ length: 10_000 }, (_, from) => 4 * from + 2));
    expect(ended.sources).toBe(10_000);
  });

  it('a stream in a call that expects no answer ends at once without a function', async () => {
    const { core, seen } = endlessKite();
    const peer = rawPeer(core);
    peer.send({ method: 'endless', arguments: [{ kite: {}, withArgs: [] }], callbacks: {} });
    await settled();
    expect([seen.made, seen.ended, peer.connection.flow.running]).toEqual([0, 0, 0]);
  });

  it('a caller that ignores the window of its stream gets it refused, and what is buffered stays bounded', async () => {
    const core = makeCore();
    const failures: unknown[] = [];
    core
      .handle<[AsyncIterable<unknown>]>('read', async ({ args: [items] }) => {
        const iterator = items[Symbol.asyncIterator]();
        await iterator.next();
        await settled();
        try {
          for (;;) if ((await iterator.next()).done) return;
        } catch (error) {
          failures.push(error);
          throw error;
        }
      })
      .disableAuthentication();
    const peer = rawPeer(core);
    const large = 'x'.repeat(300_000);
    for (const [index, values] of [
      Array.from({ length: 400 }, () => 1),
      Array.from({ length: 12 }, () => large),
    ].entries()) {
      const base = 10 * index;
      peer.send(call('read', ['[Stream]'], base, undefined, { [base + 1]: [0, 'withArgs', 0] }));
      await settled();
      const opened = peer.received.findLast((text) => text.startsWith(`{"method":${base + 1},`)) ?? '';
      const [next] = Object.keys((JSON.parse(opened) as { callbacks: object }).callbacks).map(Number);
      peer.send(...values.map((value) => item(next ?? 0, value)));
      await settled();
      await settled();
      // The kite needs no more items.
      expect(
        peer.received.filter((text) => text === `{"method":${base + 1},"arguments":[],"callbacks":{}}`),
      ).toHaveLength(1);
    }
    expect(failures.map((error) => isKiteError(error, 'invalidResponse'))).toEqual([true, true]);
    expect([peer.closed, peer.connection.flow.running]).toEqual([[], 0]);
  });

  it('the end of a stream that comes twice, early, malformed or before items changes nothing else', async () => {
    const core = makeCore();
    const outcomes: unknown[] = [];
    core
      .handle<[AsyncIterable<unknown>]>('read', async ({ args: [items] }) => {
        const read: unknown[] = [];
        try {
          for await (const value of items) read.push(value);
          outcomes.push(read);
        } catch (error) {
          outcomes.push([...read, (error as Error).message]);
        }
      })
      .disableAuthentication();
    const peer = rawPeer(core);
    const scripts: ((next: number, end: number) => object[])[] = [
      (next, end) => [item(next, 1), item(end), item(end), item(next, 2)],
      (next, end) => [item(end, null), item(next, 1)],
      (next, end) => [item(next, 1), item(end, { type: 'x', message: 'broken' }), item(end)],
      (next, end) => [item(next, 1), item(end, 'text')],
      (next, end) => [item(next, 1), item(end, 7)],
      (next, end) => [item(next), item(next, 1), item(next), item(end)],
      (next, end) => [item(next, 1), item(next, 2, 3), item(end)],
    ];
    for (const [index, script] of scripts.entries()) {
      const base = 10 * index;
      peer.send(call('read', ['[Stream]'], base, undefined, { [base + 1]: [0, 'withArgs', 0] }));
      await settled();
      const opened = peer.received.findLast((text) => text.startsWith(`{"method":${base + 1},`)) ?? '';
      const [next = 0, end = 0] = Object.keys((JSON.parse(opened) as { callbacks: object }).callbacks).map(
        Number,
      );
      peer.send(...script(next, end));
      await settled();
    }
    expect(outcomes).toEqual([
      [1],
      [],
      [1, 'broken'],
      [1, 'text'],
      [1, 'The remote kite responded with an error that is number'],
      [1],
      [1, 2, 3],
    ]);
    // The functions of streams are released with their calls.
    expect([peer.closed, peer.connection.flow.running]).toEqual([[], 0]);
  });

  it('a stream that never ends is released with the connection', async () => {
    const core = makeCore();
    const failures: unknown[] = [];
    core
      .handle<[AsyncIterable<unknown>]>('read', async ({ args: [items] }) => {
        try {
          for await (const _ of items);
        } catch (error) {
          failures.push(error);
        }
      })
      .disableAuthentication();
    const peer = rawPeer(core);
    for (let index = 0; index < 1000; index++)
      peer.send(call('read', ['[Stream]'], 2 * index, undefined, { [2 * index + 1]: [0, 'withArgs', 0] }));
    await settled();
    expect(peer.connection.flow.running).toBe(1000);
    peer.end();
    await settled();
    expect(failures.filter((error) => isKiteError(error, 'disconnect'))).toHaveLength(1000);
    expect(peer.connection.flow.running).toBe(0);
  });

  it('streams together take at most what the connection allows', async () => {
    const core = makeCore({
      limits: { ...defaultLimits, streamBytesPerConnection: 100_000, streamBytes: 50_000 },
    });
    const failures: unknown[] = [];
    core
      .handle<[AsyncIterable<unknown>]>('stall', async ({ args: [items] }) => {
        const iterator = items[Symbol.asyncIterator]();
        await iterator.next();
        await settled();
        await settled();
        try {
          for (;;) if ((await iterator.next()).done) return;
        } catch (error) {
          failures.push(error);
        }
      })
      .disableAuthentication();
    const peer = rawPeer(core);
    const windows: number[] = [];
    const nexts: number[] = [];
    for (let index = 0; index < 30; index++) {
      peer.send(call('stall', ['[Stream]'], 2 * index, undefined, { [2 * index + 1]: [0, 'withArgs', 0] }));
    }
    await settled();
    for (const text of peer.received.filter((message) => message.includes('"bytes"'))) {
      const { arguments: args, callbacks } = JSON.parse(text) as {
        arguments: [{ bytes: number }];
        callbacks: object;
      };
      windows.push(args[0].bytes);
      nexts.push(Number(Object.keys(callbacks)[0]));
    }
    expect(windows).toHaveLength(30);
    expect(windows[0]).toBe(25_000);
    expect(windows.at(-1)).toBeGreaterThanOrEqual(1);
    expect(windows.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(100_030);
    // Each sends one item, and then one that is as large as all streams together may be.
    for (const next of nexts) peer.send(item(next, 1), item(next, 'x'.repeat(99_000)));
    await settled();
    await settled();
    await settled();
    expect(failures.filter((error) => isKiteError(error, 'requestLimitError')).length).toBe(29);
    expect(peer.closed).toEqual([]);
    peer.end();
    await settled();
    expect(peer.connection.flow.running).toBe(0);
  });
});

describe('hostile kites that stream', () => {
  /** A connection of ours whose other end is a raw kite. */
  async function streaming() {
    const core = makeCore();
    const peer = rawPeer(core);
    await settled();
    const stream = peer.connection.callStream('any', []);
    stream.result.catch(() => undefined);
    await settled();
    const { callbacks } = JSON.parse(peer.received.at(-1) ?? '') as { callbacks: Record<string, unknown[]> };
    const find = (name: string): number =>
      Number(Object.entries(callbacks).find(([, path]) => path.at(-1) === name)?.[0]);
    return { peer, stream, next: find('next'), response: find('responseCallback') };
  }

  it('a kite that ignores the window is refused: the stream fails, and the call is canceled', async () => {
    const many = Array.from({ length: 300 }, () => 1);
    const large = Array.from({ length: 20 }, () => 'x'.repeat(300_000));
    for (const [values, together] of [
      [many, false],
      [many, true],
      [large, false],
      [large, true],
    ] as const) {
      const { peer, stream, next, response } = await streaming();
      if (together) peer.send(item(next, ...values));
      else peer.send(...values.map((value) => item(next, value)));
      await settled();
      await expect(stream.result).rejects.toMatchObject({ type: 'invalidResponse' });
      expect(peer.received.at(-1)).toBe(
        `{"method":"kite.cancel","arguments":[{"withArgs":[${response}]}],"callbacks":{}}`,
      );
      let read = 0;
      await expect(
        (async () => {
          for await (const _ of stream) read++;
        })(),
      ).rejects.toThrow('ignores its window');
      expect(read).toBe(values.length === 300 ? 256 : 7);
      expect(peer.closed).toEqual([]);
    }
  });

  it('items after the answer and a second answer change nothing else', async () => {
    const { peer, stream, next, response } = await streaming();
    peer.send(item(next, 1), answer(response, 'end'), item(next, 2), answer(response, 'again'), item(next));
    await settled();
    const read: unknown[] = [];
    for await (const value of stream) read.push(value);
    expect([read, await stream.result]).toEqual([[1], 'end']);
  });

  it('a kite that controls a stream against the protocol ends at most this stream', async () => {
    const { client, server, near } = await connected();
    await client.tell('kite.ping');
    void near;
    let made = 0;
    let ended = 0;
    async function* counting(): AsyncGenerator<number> {
      try {
        for (;;) yield ++made;
      } finally {
        ended++;
      }
    }
    const core = makeCore();
    const peer = rawPeer(core);
    await settled();
    const open = (functions: object, options: unknown) => ({ arguments: [options], callbacks: functions });
    const both = { 500: [0, 'next'], 501: [0, 'end'] };
    const window = { next: '[Function]', end: '[Function]', items: 10, bytes: 1000 };
    const scripts: [string, object[], number][] = [
      ['credit before the begin', [{ arguments: [5], callbacks: {} }], 0],
      ['no functions', [open({}, window)], 0],
      ['one function', [open({ 500: [0, 'next'] }, window)], 0],
      ['a window of -1', [open(both, { ...window, items: -1 })], 0],
      ['a window of text', [open(both, 'window')], 0],
      ['a begin', [open(both, window)], 10],
      ['two begins', [open(both, window), open({ 600: [0, 'next'], 601: [0, 'end'] }, window)], 10],
      ['a huge window', [open(both, { ...window, items: 1e9, bytes: 1e12 })], 256],
      [
        'hostile credit',
        [
          open(both, window),
          ...[-1, 0, 11, 1e9, 1.5].map((credit) => ({ arguments: [credit], callbacks: {} })),
        ],
        10,
      ],
      ['credit', [open(both, window), { arguments: [10], callbacks: {} }], 20],
      [
        'a stop',
        [open(both, window), { arguments: [], callbacks: {} }, { arguments: [10], callbacks: {} }],
        10,
      ],
      ['a stop before the begin', [{ arguments: [], callbacks: {} }, open(both, window)], 0],
    ];
    for (const [name, script, expected] of scripts) {
      made = 0;
      const result = peer.connection.call('any', [counting()]);
      await settled();
      const { callbacks } = JSON.parse(peer.received.at(-1) ?? '') as {
        callbacks: Record<string, unknown[]>;
      };
      const find = (key: string): number =>
        Number(Object.entries(callbacks).find(([, path]) => path[1] === key)?.[0]);
      for (const message of script) {
        peer.send({ method: find('withArgs'), ...message });
        await settled();
      }
      expect([name, made]).toEqual([name, expected]);
      peer.send(answer(find('responseCallback'), name), { method: find('withArgs'), ...open(both, window) });
      expect(await result).toBe(name);
      await settled();
      expect([name, made, peer.closed]).toEqual([name, expected, []]);
    }
    // A generator that was not started has no finally to run.
    expect(ended).toBe(scripts.filter(([, , expected]) => expected > 0).length);
    expect(server.accepted.size).toBe(1);
  });
});
