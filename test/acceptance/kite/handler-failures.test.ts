import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, KiteError, type KiteOptions } from '../../../src/lib/index.js';
import { MASKED_MESSAGE } from '../../../src/lib/kite/serve/handler-failures.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Timer } from '../../../src/lib/util/clock.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { kiteKeyOf, stranger, tokenOf } from '../../helpers/kite/verifier.js';
import { connected, settled } from '../../helpers/kite/cores.js';

/** A kite whose errors are logged in `errors`, and a client of it. */
async function kiteWith(options: KiteOptions) {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  const common = { kiteKey: false, env: {}, port: 0 } as const;
  const kite = new Kite('math', '1.0.0', { ...common, logger, ...options });
  const caller = new Kite('web', '2.0.0', { ...common, logger: silentLogger });
  onTestFinished(async () => {
    await caller.close();
    await kite.close();
  });
  await kite.listen();
  const client = caller.newClient(kite.url ?? '');
  await client.dial();
  return { kite, client, errors, caller };
}

const failureOf = (call: Promise<unknown>): Promise<KiteError> =>
  call.then(
    () => new KiteError('genericError', 'no failure'),
    (error: unknown) => error as KiteError,
  );

describe('the failures of handlers', () => {
  it('a bug in a handler is found from the log alone', async () => {
    const { kite, client, errors, caller } = await kiteWith({});
    kite
      .handle('lookup', ({ args: [user] }) => (user as { name: string }).name.length)
      .disableAuthentication();
    const error = await failureOf(client.tell('lookup', {}));
    expect(error.type).toBe('genericError');
    expect(errors).toHaveLength(1);
    const [text = ''] = errors;
    expect(text).toContain(`request ${error.id}`);
    expect(text).toContain(`/web/2.0.0/`);
    expect(text).toContain(caller.identity.id);
    expect(text).toMatch(/^"lookup" failed for a caller without authentication at 127\.0\.0\.1:\d+/);
    expect(text).toMatch(
      /TypeError: Cannot read properties of undefined \(reading 'length'\)\n +at .*handler-failures\.test\.ts:\d+/,
    );
  });

  it.each(['throw', 'reject', 'stream', 'schema', 'final', 'result'] as const)(
    'every place in which a handler can fail is logged and masked: %s',
    async (place) => {
      const { kite, client, errors } = await kiteWith({ errors: 'masked' });
      const secret = new Error('postgres://secret');
      const fail = (): never => {
        throw secret;
      };
      const handlers = {
        throw: fail,
        reject: () => Promise.reject(secret),
        stream: async function* () {
          yield 1;
          await Promise.resolve();
          fail();
        },
        schema: () => null,
        final: () => null,
        result: () => ({ toJSON: fail }),
      };
      const args = { '~standard': { version: 1, vendor: 'test', validate: fail } } as const;
      const method =
        place === 'schema'
          ? kite.handle('bad', { args }, handlers[place])
          : kite.handle('bad', handlers[place]);
      method.disableAuthentication();
      if (place === 'final') method.finalFunc(fail);
      const error = await failureOf(client.stream('bad').result);
      expect(error).toMatchObject({ type: 'genericError', message: MASKED_MESSAGE, code: '' });
      expect(error.id).toMatch(/^[0-9a-f]{16}$/);
      expect(errors).toEqual([expect.stringContaining(`request ${error.id}: `)]);
      expect(errors[0]).toContain('postgres://secret');
    },
  );

  it('a rule for callers that fails is logged and masked, at once and later', async () => {
    const { kite, caller, errors } = await kiteWith({ errors: 'masked' });
    kite.authenticate('name', (key) => key);
    const rules = {
      throws: () => {
        throw new Error('postgres://secret');
      },
      rejects: () => Promise.reject(new Error('postgres://secret')),
    };
    const client = caller.newClient(kite.url ?? '', { auth: { type: 'name', key: 'bob' } });
    await client.dial();
    for (const [name, allow] of Object.entries(rules)) {
      kite.handle(name, { allow }, () => null);
      const error = await failureOf(client.tell(name));
      expect(error).toMatchObject({ type: 'genericError', message: MASKED_MESSAGE });
      expect(errors.at(-1)).toContain(`"${name}" failed for "bob"`);
      expect(errors.at(-1)).toContain(`request ${error.id}: Error: postgres://secret`);
    }
    expect(errors).toHaveLength(2);
  });

  it('a callback whose failure is masked does not send its message', async () => {
    const { kite, client } = await kiteWith({});
    const other = await kiteWith({ errors: 'masked' });
    kite.handle('ask', async ({ args: [ask] }) => (ask as () => Promise<unknown>)()).disableAuthentication();
    const masking = new Kite('web', '1.0.0', {
      kiteKey: false,
      env: {},
      logger: silentLogger,
      errors: 'masked',
    });
    onTestFinished(() => masking.close());
    const asking = masking.newClient(kite.url ?? '');
    await asking.dial();
    await client.tell('kite.ping');
    const secret = (): never => {
      throw new Error('postgres://secret');
    };
    await asking.tell('kite.ping');
    expect((await failureOf(asking.tell('ask', secret))).message).toBe(MASKED_MESSAGE);
    expect((await failureOf(client.tell('ask', secret))).message).toBe('postgres://secret');
    expect(other.errors).toEqual([]);
  });

  it.each([
    'authenticate',
    'authenticate later',
    'acceptAudience',
    'acceptKontrolKey',
    'acceptKontrolKey later',
  ] as const)('a check of credentials that fails is logged and masked like a handler: %s', async (place) => {
    const secret = new Error('postgres://secret', { cause: new Error('secret cause') });
    const fail = (): never => {
      throw secret;
    };
    const failLater = (): Promise<never> => Promise.reject(secret);
    const { key: kiteKey } = kiteKeyOf('alice');
    const options: KiteOptions = {
      kiteKey,
      environment: 'prod',
      clock: new ManualClock(),
      ...(place === 'acceptAudience' && { acceptAudience: fail }),
      ...(place.startsWith('acceptKontrolKey') && {
        acceptKontrolKey: place.endsWith('later') ? failLater : fail,
      }),
    };
    const auth = place.startsWith('authenticate')
      ? { type: 'session', key: 'x' }
      : place === 'acceptAudience'
        ? tokenOf('bob', '/alice/prod/math')
        : kiteKeyOf('alice', stranger);
    for (const errors of ['masked', 'message'] as const) {
      const { kite, errors: logged, caller } = await kiteWith({ ...options, errors });
      kite.authenticate('session', place.endsWith('later') ? failLater : fail);
      kite.handle('square', () => 'ran');
      const client = caller.newClient(kite.url ?? '', { auth });
      await client.dial();
      const error = await failureOf(client.tell('square'));
      const isMasked = errors === 'masked';
      expect(error.type).toBe('authenticationError');
      expect(error.message).toBe(`${auth.type}: ${isMasked ? MASKED_MESSAGE : 'postgres://secret'}`);
      if (isMasked) expect(`${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('secret');
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain(`request ${error.id}`);
      expect(logged[0]).toMatch(/postgres:\/\/secret[^]*secret cause/);
    }
  });

  it('a caller gets the KiteError that a check of credentials throws, also with errors: masked', async () => {
    const { kite, errors, caller } = await kiteWith({ errors: 'masked' });
    kite.authenticate('session', () => {
      throw new KiteError('authenticationError', 'no such session', { code: 'E1' });
    });
    kite.handle('square', () => 'ran');
    const client = caller.newClient(kite.url ?? '', { auth: { type: 'session', key: 'x' } });
    await client.dial();
    expect(await failureOf(client.tell('square'))).toMatchObject({
      type: 'authenticationError',
      code: 'E1',
      message: 'session: no such session',
    });
    expect(errors).toEqual([]);
  });

  it('a function of the program decides what callers see', async () => {
    const { kite, client } = await kiteWith({
      errors: (error, request) => new KiteError('teapot', `${request?.method}: ${(error as Error).name}`),
    });
    kite
      .handle('brew', () => {
        throw new RangeError('x');
      })
      .disableAuthentication();
    expect(await failureOf(client.tell('brew'))).toMatchObject({
      type: 'teapot',
      message: 'brew: RangeError',
    });
  });

  it('a policy that does not exist is rejected when the kite is created', () => {
    const options = { errors: 'hidden', kiteKey: false, env: {} } as unknown as KiteOptions;
    expect(() => new Kite('math', '1.0.0', options)).toThrow(
      'errors is "hidden": it must be message, masked, or a function',
    );
  });

  it.each([
    [42, '42 was thrown'],
    [new Error(''), 'Error without a message'],
    [new TypeError(''), 'TypeError without a message'],
    ['', 'An empty string was thrown'],
    [undefined, 'undefined was thrown'],
    [null, 'null was thrown'],
    [{}, 'A value of type object was thrown'],
    [Symbol('x'), 'Symbol(x) was thrown'],
    ['text', 'text'],
    [{ message: 'of an object' }, 'of an object'],
  ])(
    'the error of a caller names what a handler threw without a message: case %#',
    async (thrown, message) => {
      const { server, client } = await connected();
      server.handle('plain', () => {
        throw thrown;
      });
      server
        .handle('chained', () => null)
        .preHandle(() => {
          throw thrown;
        });
      expect((await failureOf(client.tell('plain'))).message).toBe(message);
      expect((await failureOf(client.tell('chained'))).message).toBe(message);
    },
  );
});

describe('the time limit of a method', () => {
  it.each([true, false])(
    'a handler that exceeds its limit answers with methodTimeout, concurrent: %s',
    async (concurrent) => {
      const { server, client } = await connected({ concurrent });
      const reasons: unknown[] = [];
      let finish = (_value: unknown): void => undefined;
      server.handle('slow', { timeout: 1000 }, ({ signal, timeLeft }) => {
        reasons.push(timeLeft);
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return new Promise((resolve) => (finish = resolve));
      });
      const slow = failureOf(client.tell('slow'));
      const next = client.tell('kite.ping');
      await settled();
      server.clock.advance(999);
      await settled();
      expect(reasons).toEqual([1000]);
      server.clock.advance(1);
      const error = await slow;
      expect(error).toMatchObject({
        type: 'timeout',
        code: 'methodTimeout',
        retryable: false,
        message: '"slow" has not ended within its limit of 1s',
      });
      expect(reasons[1]).toMatchObject({ code: 'methodTimeout' });
      // The late result is ignored. Calls that must not overlap wait for the end of the handler.
      finish('late');
      expect(await next).toBe('pong');
      expect(await client.tell('kite.ping')).toBe('pong');
      expect([...server.accepted].map(({ flow }) => flow.running)).toEqual([0]);
    },
  );

  it('a handler that fails with the reason of its signal answers with methodTimeout, although time has passed since its begin', async () => {
    /** Drops fractions of milliseconds, as the timers of Node do. */
    class CoarseClock extends ManualClock {
      override setTimeout(callback: () => void, ms: number): Timer {
        return super.setTimeout(callback, Math.trunc(ms));
      }
    }
    const { server, client } = await connected({ clock: new CoarseClock() });
    server.handle('slow', { timeout: 1000 }, async (request) => {
      await settled();
      server.clock.advance(10.5);
      const { signal } = request;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    await client.tell('kite.ping');
    for (const timeout of [0, 5000]) {
      const slow = failureOf(client.call('slow', [], { timeout }));
      await settled();
      await settled();
      server.clock.advance(989);
      await settled();
      server.clock.advance(0.5);
      expect(await slow).toMatchObject({ type: 'timeout', code: 'methodTimeout' });
    }
  });

  it('a handler that ends in time is not limited, and leaves no timer', async () => {
    const { server, client } = await connected();
    server.handle('quick', { timeout: 1000 }, () => 'quick');
    server.handle('bad', { timeout: 1000 }, () => Promise.reject(new Error('bad')));
    expect(await client.tell('quick')).toBe('quick');
    expect((await failureOf(client.tell('bad'))).message).toBe('bad');
    expect(server.clock.timers).toBe(0);
  });

  it('a stream that exceeds the limit of its method ends', async () => {
    const { server, client } = await connected();
    let ended = false;
    server.handle('endless', { timeout: 1000 }, async function* () {
      try {
        for (let count = 0; ; count++) {
          yield count;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        ended = true;
      }
    });
    const stream = client.callStream('endless', [], { timeout: 0 });
    await stream.next();
    server.clock.advance(1000);
    expect(await failureOf(stream.result)).toMatchObject({ code: 'methodTimeout' });
    await expect.poll(() => ended).toBe(true);
  });

  it('the deadline of the caller ends a call before the limit of the method', async () => {
    const { server, client } = await connected();
    server.handle(
      'slow',
      { timeout: 5000 },
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    await client.tell('kite.ping');
    const call = failureOf(client.call('slow', [], { timeout: 1000 }));
    await settled();
    server.clock.advance(1000);
    expect(await call).toMatchObject({ type: 'timeout', message: 'The deadline of the caller has passed' });
  });

  it.each([0, -1, NaN, Infinity, '1s'])(
    'a limit of %s is rejected when the method is added',
    async (timeout) => {
      const { server } = await connected();
      expect(() => server.handle('slow', { timeout: timeout as number }, () => null)).toThrow(
        'The timeout of "slow" must be a number of milliseconds above 0',
      );
    },
  );
});
