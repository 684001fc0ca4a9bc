import { describe, expect, it, onTestFinished } from 'vitest';
import { isKiteError, Kite, type KiteError } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connected, settled } from '../../helpers/kite/cores.js';

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => `resolved with ${String(value)}`,
    (error: unknown) => (isKiteError(error) ? [error.type, error.code, error.retryable] : error),
  );

/** Calls a handler that returns `value`. */
async function resultOf(value: () => unknown): Promise<unknown> {
  const { server, client } = await connected();
  server.handle('odd', value);
  return client.tell('odd');
}

describe('the odd results of handlers', () => {
  it.each([
    ['undefined', () => undefined, null],
    ['null', () => null, null],
    ['nothing in an async function', () => Promise.resolve(), null],
    ['NaN', () => NaN, NaN],
    ['an empty string', () => '', ''],
    ['a promise of a promise', () => Promise.resolve(Promise.resolve(1)), 1],
    ['an Error', () => new Error('a value'), new Error('a value')],
    [
      'an instance of a class',
      () =>
        new (class Book {
          readonly title = 'x';
        })(),
      { title: 'x' },
    ],
    ['undefined in an array', () => [undefined, 1], [undefined, 1]],
  ])('a handler that returns %s has the documented result', async (_name, value, result) => {
    expect(await resultOf(value)).toEqual(result);
  });

  it('a handler that returns a function gives its caller a function to call', async () => {
    const called: unknown[] = [];
    const result = (await resultOf(() => (value: unknown) => void called.push(value))) as (
      value: unknown,
    ) => unknown;
    result(1);
    await settled();
    expect(called).toEqual([1]);
  });

  it.each([
    ['a symbol', () => Symbol('x')],
    [
      'a cycle',
      () => {
        const cycle: unknown[] = [];
        cycle.push(cycle);
        return cycle;
      },
    ],
    [
      'a value whose toJSON throws',
      () => ({
        toJSON() {
          throw new Error('mine');
        },
      }),
    ],
    [
      'a value whose getter throws',
      () => ({
        get x(): never {
          throw new Error('mine');
        },
      }),
    ],
    [
      'a value that is nested too deeply',
      () => {
        let deep: unknown = 0;
        for (let level = 0; level < 10_000; level++) deep = [deep];
        return deep;
      },
    ],
    [
      'a generator that is not async',
      function* () {
        yield 1;
      },
    ],
    ['more than a message can carry', () => 'x'.repeat(17 * 1024 * 1024)],
  ])('a handler that returns %s fails, and its caller gets the reason', async (_name, value) => {
    const error: unknown = await resultOf(value).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ type: 'genericError', retryable: false });
    expect((error as Error).message).toMatch(/^The result of "odd" cannot be sent: |generator/);
  });

  it('a handler that never resolves lets its caller time out, and cancels nothing but this call', async () => {
    const { server, client, caller } = await connected();
    server.handle('never', () => new Promise(() => undefined));
    const never = failureOf(client.tell('never'));
    await settled();
    caller.clock.advance(15_000);
    expect(await never).toEqual(['timeout', '', false]);
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});

describe('the callbacks of a call', () => {
  it('a callback that throws fails the handler that awaits it, and is logged at the caller', async () => {
    const { server, client } = await connected();
    server.handle('ask', async ({ args: [ask] }) => (ask as () => Promise<unknown>)());
    await client.tell('kite.ping');
    const call = client.tell('ask', () => {
      throw new Error('mine');
    });
    await expect(call).rejects.toMatchObject({ type: 'genericError', message: 'mine', retryable: false });
  });

  it('a callback that throws has no effect on a handler that does not await it', async () => {
    const { server, client } = await connected();
    server.handle('notify', ({ args: [notify] }) => void (notify as () => void)());
    const call = client.tell('notify', () => {
      throw new Error('mine');
    });
    expect(await call).toBeNull();
  });

  it('a callback that comes after the end of its call does not run, and fails who awaits it', async () => {
    const { server, client } = await connected();
    let kept = (): unknown => undefined;
    server.handle('keep', ({ args: [fn] }) => void (kept = fn as () => unknown));
    let calls = 0;
    await client.tell('kite.ping');
    await client.tell('keep', () => calls++);
    expect(await failureOf(Promise.resolve(kept()))).toEqual(['canceled', 'callbackEnded', false]);
    expect(calls).toBe(0);
  });

  it('a callback that comes a million times runs a million times, in order, while other calls are answered', async () => {
    const server = new Kite('math', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
    const caller = new Kite('web', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(async () => {
      await caller.close();
      await server.close();
    });
    const COUNT = 1_000_000;
    server
      .handle('count', async ({ args: [each], client }) => {
        for (let count = 0; count < COUNT; count++) {
          void (each as (value: number) => unknown)(count);
          if (count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
          if (client.backlog > 1024 * 1024)
            await new Promise<void>((resolve) => client.once('drain', () => resolve()));
        }
      })
      .disableAuthentication();
    await server.listen();
    const client = caller.newClient(server.url ?? '');
    await client.dial();
    let next = 0;
    let misplaced = 0;
    const each = (value: number): void => {
      if (value !== next++) misplaced++;
    };
    const call = client.call('count', [each], { timeout: 0 });
    expect(await client.tell('kite.ping')).toBe('pong');
    await call;
    expect([next, misplaced]).toEqual([COUNT, 0]);
  });
});

describe('a kite that restarts', () => {
  it('a kite that restarts is called again by a client of dialForever, and the call at its death is lost', async () => {
    const make = (port: number): Kite => {
      const kite = new Kite('math', '1.0.0', { port, kiteKey: false, env: {}, logger: silentLogger });
      onTestFinished(() => kite.close({ drainTimeout: 0 }));
      kite.handle('never', () => new Promise(() => undefined)).disableAuthentication();
      return kite;
    };
    const first = make(0);
    await first.listen();
    const port = first.port ?? 0;
    const caller = new Kite('web', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => caller.close());
    const client = caller.newClient(first.url ?? '', { backoff: { initial: 1, max: 10 } });
    await client.dialForever();
    const codes: string[] = [];
    const never = client.call('never', [], { timeout: 0 }).catch(({ code }: KiteError) => codes.push(code));
    await client.tell('kite.ping');
    const gone = new Promise<void>((resolve) => client.once('disconnect', () => resolve()));
    const again = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await first.close({ drainTimeout: 0 });
    await gone;
    await never;
    await client.tell('kite.ping').catch(({ code }: KiteError) => codes.push(code));
    expect(codes).toEqual(['lost', 'notSent']);
    await make(port).listen();
    await again;
    expect(await client.tell('kite.ping')).toBe('pong');
  });
});
