import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteOptions, type LocalOptions, type Request } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { MemoryChannel } from '../../helpers/transport/memory-channel.js';

function makeKite(options: KiteOptions = {}): Kite {
  const kite = new Kite('math', '1.0.0', {
    kiteKey: false,
    env: {},
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => kite.close());
  kite.handle<[number]>('square', ({ args: [n] }) => n * n);
  return kite;
}

const bob: LocalOptions = { as: { username: 'bob', claims: { role: 'admin' } } };

describe('a call within the process', () => {
  it('a call within the process authenticates like a call from the network', async () => {
    const kite = makeKite();
    await expect(kite.local().tell('square', 4)).rejects.toMatchObject({
      type: 'authenticationError',
      message: 'No authentication information is provided',
    });
    kite.authenticate('name', async (key, { auth }) => {
      await Promise.resolve();
      return { username: key, claims: { auth } };
    });
    const auth = { type: 'name', key: 'alice' };
    kite.handle('who', ({ identity }: Request) => identity);
    using peer = kite.local({ auth });
    expect(await peer.tell('square', 4)).toBe(16);
    expect(await kite.local({ auth }).tell('who')).toEqual({
      username: 'alice',
      claims: { auth },
    });
  });

  it('a call within the process can be made as a caller that the program names', async () => {
    const kite = makeKite();
    kite.handle('admin', { allow: { role: 'admin' } }, ({ username }) => username);
    expect(await kite.local<{ admin(): string }>(bob).tell('admin')).toBe('bob');
    await expect(
      kite.local<{ admin(): string }>({ as: { username: 'bob' } }).tell('admin'),
    ).rejects.toMatchObject({ code: 'notAllowed' });
  });

  it.each([
    {},
    { username: '' },
    { username: undefined },
    { username: 5 },
    'bob',
    null,
    { username: 'bob', claims: 'admin' },
  ])(
    'a caller within the process that has no username, or claims that are not an object, is rejected: %j',
    (as) => {
      const kite = makeKite();
      expect(() => kite.local({ as } as unknown as LocalOptions)).toThrow(
        new TypeError('The option as is not an object with a username, and claims that are an object'),
      );
      expect(kite.connectionCount).toBe(0);
    },
  );

  it.each([{ timeout: NaN }, { timeout: -1 }, { auth: 'bob' }, { trustRemote: 'square' }])(
    'a peer within the process with an option that cannot be used is rejected: %j',
    (options) => {
      expect(() => makeKite().local(options as unknown as LocalOptions)).toThrow(/^The option .* must be/);
    },
  );

  it('a channel whose user is empty is rejected', () => {
    const [near] = MemoryChannel.pair();
    expect(() => makeKite().accept(near, '')).toThrow(new TypeError('The user of a channel is empty'));
  });

  it('a call within the process passes middleware, the schema, rates and events', async () => {
    const kite = makeKite();
    const ran: string[] = [];
    const refused: string[] = [];
    kite.use((request, next) => {
      ran.push(`${request.method} of ${request.username}`);
      return next();
    });
    kite.on('refused', ({ method }) => void refused.push(method));
    const validate = (value: unknown) =>
      typeof (value as unknown[])[0] === 'number' ? { value: [1] } : { issues: [{ message: 'no number' }] };
    const args = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    kite.handle('checked', { args }, () => 'ok').throttle({ interval: 60_000, capacity: 2, per: 'caller' });
    const peer = kite.local<{ checked(n: unknown): string }>(bob);
    expect(await peer.tell('checked', 1)).toBe('ok');
    await expect(peer.tell('checked', 'x')).rejects.toMatchObject({ type: 'argumentError' });
    await expect(peer.tell('checked', 1)).rejects.toMatchObject({ type: 'requestLimitError' });
    expect(ran).toEqual(['checked of bob', 'checked of bob']);
    expect(refused).toEqual(['checked', 'checked']);
  });

  it('a call within the process receives values as they arrive from the network, and never the same object', async () => {
    const kite = makeKite();
    const received: unknown[] = [];
    kite.handle('note', ({ args }: Request) => {
      received.push(...args);
      return args;
    });
    const peer = kite.local<{ note(...args: unknown[]): unknown[] }>(bob);
    await peer.tell('note');
    const bytes = new Uint8Array([1, 2, 3]);
    const value = { date: new Date(5), map: new Map([['a', 1n]]), none: undefined, bytes };
    const result = await peer.tell('note', value);
    expect(received).toEqual([{ date: new Date(5), map: new Map([['a', 1n]]), bytes }]);
    expect(received[0]).not.toBe(value);
    expect((received[0] as typeof value).bytes.buffer).not.toBe(bytes.buffer);
    expect(result).toEqual(received);
    expect(result[0]).not.toBe(received[0]);
    await expect(peer.tell('note', Symbol('no'))).rejects.toMatchObject({ type: 'argumentError' });
  });

  it('a call within the process can pass functions, stream, be canceled and time out', async () => {
    const kite = makeKite();
    const aborted: unknown[] = [];
    kite.handle<[(n: number) => Promise<number>]>('callback', ({ args: [fn] }) => fn(4));
    kite.handle('count', async function* ({ args: [to] }: Request) {
      for (let n = 1; n <= (to as number); n++) yield n;
    });
    kite.handle('endless', ({ signal }: Request) => {
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(signal.reason as Error);
        }),
      );
    });
    const peer = kite.local<Record<'callback' | 'count' | 'endless', (...args: unknown[]) => unknown>>(bob);
    expect(await peer.tell('callback', (n: number) => n + 1)).toBe(5);
    const items: unknown[] = [];
    for await (const item of peer.stream('count', 1000)) items.push(item);
    expect(items).toHaveLength(1000);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(peer.call('endless', [], { signal })).rejects.toThrow('enough');
    const controller = new AbortController();
    const canceled = expect(peer.call('endless', [], { signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    await peer.tell('callback', () => controller.abort(new Error('enough')));
    await canceled;
    await peer.tell('callback', () => 0);
    expect(aborted).toMatchObject([{ type: 'canceled' }]);
    await expect(peer.call('endless', [], { timeout: 1 })).rejects.toMatchObject({ type: 'timeout' });
  });

  it('a call within the process is refused above the limits', async () => {
    const kite = makeKite({ limits: { messageBytes: 1000 } });
    await expect(kite.local(bob).tell('square', 'x'.repeat(1000) as never)).rejects.toMatchObject({
      type: 'sendError',
    });
    kite.handle('large', () => 'x'.repeat(1000));
    await expect(kite.local<{ large(): string }>(bob).tell('large')).rejects.toThrow(
      'larger than 1000 bytes',
    );
  });

  it('a kite has one peer for calls without credentials, and closes all peers with itself', async () => {
    const kite = makeKite();
    expect(kite.local()).toBe(kite.local());
    expect(kite.connectionCount).toBe(1);
    {
      using peer = kite.local(bob);
      expect(await peer.tell('square', 3)).toBe(9);
      expect(kite.connectionCount).toBe(2);
    }
    await expect.poll(() => kite.connectionCount).toBe(1);
    let closed = 0;
    const peer = kite.local(bob);
    peer.on('disconnect', () => void closed++);
    await kite.close();
    await expect.poll(() => closed).toBe(1);
    expect(() => kite.local()).toThrow(expect.objectContaining({ type: 'disconnect', code: 'closed' }));
    await expect(peer.tell('square', 4)).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('a call within the process is served while the kite ends, and ends with it if it runs for too long', async () => {
    const kite = makeKite();
    let closing: Promise<void> | undefined;
    kite.handle('report', async ({ args: [n] }: Request) => {
      closing ??= kite.close({ lameDuck: 10, drainTimeout: 100 });
      return Number(await kite.local(bob).tell('square', Number(n))) + 1;
    });
    kite.handle('endless', () => new Promise(() => undefined));
    const peer = kite.local<{ report(n: number): number; endless(): unknown }>(bob);
    const endless = expect(peer.tell('endless')).rejects.toMatchObject({ type: 'disconnect' });
    expect(await peer.tell('report', 3)).toBe(10);
    await closing;
    await endless;
  });
});
