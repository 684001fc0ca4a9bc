import { describe, expect, it } from 'vitest';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import {
  type ErrorPolicy,
  HandlerFailures,
  MASKED_MESSAGE,
} from '../../../../src/lib/kite/serve/handler-failures.js';
import { FAILURE_LOG_BURST, FAILURE_LOG_INTERVAL } from '../../../../src/lib/kite/limits/kite-limits.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { identity } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const request = {
  id: '9cba66c3e23d95c2',
  method: 'square',
  username: 'alice',
  kite: { ...identity, username: 'alice' },
  client: { remoteAddress: '192.0.2.1:5040' },
};

function failures(policy: ErrorPolicy = 'message') {
  const clock = new ManualClock();
  const errors: string[] = [];
  const debug: string[] = [];
  const logger = {
    ...silentLogger,
    isLevelEnabled: () => true,
    error: (text: string) => void errors.push(text),
    debug: (text: string) => void debug.push(text),
  };
  return { failures: new HandlerFailures({ policy, clock, logger }), clock, errors, debug };
}

function never(): never {
  throw secret();
}

/** An error whose path an attacker could use. */
function secret(): Error {
  return Object.assign(new Error("ENOENT: no such file, open '/etc/secret'"), {
    code: 'ENOENT',
    path: '/etc/secret',
  });
}

describe('the log of the failures of handlers', () => {
  it('a failure is logged with its stack, the stacks of its causes, its method, its request and its caller', () => {
    const { failures: handlers, errors } = failures();
    handlers.failed(new TypeError('it broke', { cause: new Error('why', { cause: 'deeper' }) }), request);
    const [text = ''] = errors;
    expect(text.split('\n')[0]).toBe(
      `"square" failed for "alice" at 192.0.2.1:5040 (kite "/alice/test/math/1.0.0/eu/host/${identity.id}"), request 9cba66c3e23d95c2: TypeError: it broke`,
    );
    expect(text.match(/handler-failures\.test\.ts/g)?.length).toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/\ncaused by: Error: why\n(?: +at .*\n)+caused by: deeper$/);
  });

  it('an error that is its own cause is logged to a depth of five', () => {
    const { failures: handlers, errors } = failures();
    const error = new Error('loop');
    error.cause = error;
    handlers.failed(error, request);
    expect(errors[0]?.match(/caused by/g)?.length).toBe(5);
  });

  it.each([
    ['a KiteError, which a handler throws on purpose', new KiteError('notFound', 'no such book'), {}],
    ['the failure of a call that its caller has canceled', new Error('x'), { canceled: true }],
    ['the failure of a call whose time is over', new Error('x'), { expired: true }],
  ])('the following is a debug message: %s', (_name, error, more) => {
    const { failures: handlers, errors, debug } = failures();
    handlers.failed(error, { ...request, ...more });
    expect([errors.length, debug.length]).toEqual([0, 1]);
  });

  it('a handler that exceeds the limit of its method is logged as an error', () => {
    const { failures: handlers, errors } = failures();
    const error = new KiteError('timeout', '"square" has not ended', { code: 'methodTimeout' });
    handlers.failed(error, { ...request, expired: true });
    expect(errors).toHaveLength(1);
  });

  it('a hostile caller cannot fill the log with failures, nor forge lines of it', () => {
    const { failures: handlers, errors, debug, clock } = failures();
    const hostile = {
      ...request,
      username: '',
      kite: { ...identity, name: `x\nerror: forged${'y'.repeat(10_000)}` },
    };
    for (let count = 0; count < FAILURE_LOG_BURST + 5; count++) handlers.failed('it broke', hostile);
    expect([errors.length, debug.length]).toEqual([FAILURE_LOG_BURST, 5]);
    expect(errors[0]).not.toContain('\n');
    expect(errors[0]?.length).toBeLessThan(1000);
    handlers.failed('it broke', { ...request, method: 'another' });
    expect(errors.length).toBe(FAILURE_LOG_BURST + 1);
    clock.advance(FAILURE_LOG_INTERVAL);
    handlers.failed('it broke', hostile);
    expect(errors.at(-1)).toMatch(/it broke\n5 failures before it are debug messages$/);
  });

  it.each([
    undefined,
    null,
    42,
    '',
    {},
    new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap');
      },
    }),
  ])('whatever a handler throws is logged, such as value %#', (thrown) => {
    const { failures: handlers, errors } = failures('masked');
    expect(handlers.failed(thrown, request)).toMatchObject({ message: MASKED_MESSAGE });
    expect(errors).toHaveLength(1);
  });
});

describe('what callers see of the failures of handlers', () => {
  it('a caller gets the error itself with the policy message', () => {
    const error = secret();
    expect(failures('message').failures.failed(error, request)).toBe(error);
  });

  it('a caller sees nothing of an error that is not a KiteError with the policy masked', () => {
    const shown = failures('masked').failures.failed(secret(), request);
    expect(`${JSON.stringify(shown)} ${String(shown)}`).not.toMatch(/ENOENT|secret/);
    expect(shown).toMatchObject({ type: 'genericError', code: '', message: MASKED_MESSAGE });
  });

  it('a caller sees a KiteError with the policy masked, but not its cause', () => {
    const { failures: handlers } = failures('masked');
    const plain = new KiteError('notFound', 'no such book');
    expect(handlers.failed(plain, request)).toBe(plain);
    const caused = new KiteError('notFound', 'no such book', {
      code: 'E1',
      data: { isbn: 1 },
      cause: secret(),
    });
    caused.name = 'BookError';
    const shown = handlers.failed(caused, request);
    expect(shown).toMatchObject({ type: 'notFound', code: 'E1', data: { isbn: 1 }, name: 'BookError' });
    expect((shown as Error).cause).toBeUndefined();
  });

  it('a caller sees what the function of the program returns', () => {
    const seen: unknown[] = [];
    const { failures: handlers } = failures((error, given) => {
      seen.push(error, given?.id);
      return new KiteError('broken', 'sorry');
    });
    const error = secret();
    expect(handlers.failed(error, request)).toMatchObject({ type: 'broken' });
    expect(seen).toEqual([error, request.id]);
  });

  it.each([
    [
      'throws',
      () => {
        throw secret();
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a promise', () => Promise.resolve('postgres://secret')],
    ['returns a promise that rejects', () => Promise.reject(secret())],
    // oxlint-disable-next-line no-thenable -- what the function must not do
    ['returns an object whose then throws', () => Object.defineProperty({}, 'then', { get: () => never() })],
  ])('a caller sees a masked error if the function of the program %s', (_name, policy) => {
    expect(failures(policy).failures.failed(secret(), request)).toMatchObject({ message: MASKED_MESSAGE });
  });

  it('a function of the program that returns a promise is reported in the log', () => {
    const { failures: handlers, errors } = failures(() => Promise.reject(secret()));
    handlers.failed(new KiteError('x', 'x'), request);
    expect(errors).toEqual([
      'The function in the option errors failed: it returned a promise; it must return an error or a string',
    ]);
  });
});
