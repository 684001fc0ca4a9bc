import { describe, expect, it } from 'vitest';
import { CliError, usageError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { exitCodeMeanings, ExitCode, formatExitCodes } from '../../../../src/lib/cli/runtime/exit-codes.js';
import { toCliError } from '../../../../src/lib/cli/frame/failures.js';
import { formatFailure, reportFailure } from '../../../../src/lib/cli/frame/report-failure.js';
import { StorageError } from '../../../../src/lib/kontrol/storage/shared/storage.js';
import { ConfigurationError, KiteError } from '../../../../src/lib/protocol/errors.js';
import type { DialErrorCode } from '../../../../src/lib/errors/error-codes.js';
import { DialError } from '../../../../src/lib/transport/handshake/dial-error.js';
import { Sink } from '../../../helpers/cli/test-runtime.js';

const id = '0123456789abcdef';
const doing = { what: 'calling "m" at http://h/kite', target: 'http://h/kite' };

function dialError(code: DialErrorCode, status?: number): KiteError {
  const cause = new DialError(code, 'http://h/kite', 'no', status === undefined ? {} : { status });
  return new KiteError('disconnect', cause.message, { code, cause });
}

describe('toCliError', () => {
  it.each<[string, KiteError, number]>([
    ['an error of the remote method', new KiteError('genericError', 'no', { id }), 1],
    ['an error type of its own', new KiteError('tooBad', 'no', { id, code: 'E1' }), 1],
    ['wrong arguments', new KiteError('argumentError', 'no', { id }), 1],
    ['an answer that is none', new KiteError('invalidResponse', 'no'), 1],
    ['refused credentials', new KiteError('authenticationError', 'no', { id }), 4],
    ['an unknown method', new KiteError('methodNotFound', 'no', { id }), 7],
    ['a rate limit', new KiteError('requestLimitError', 'no', { id }), 8],
    ['a deadline', new KiteError('timeout', 'no'), 124],
    ['a lost connection', new KiteError('disconnect', 'no'), 6],
    ['a port where nobody listens', dialError('refused'), 6],
    ['an unknown host', dialError('notFound'), 6],
    ['a path without a kite', dialError('handshake', 404), 5],
    ['a server that is no kite', dialError('handshake', 500), 6],
    ['a URL that is none', dialError('invalidUrl'), 2],
    ['a message that cannot be sent', new KiteError('sendError', 'no'), 6],
    ["a deadline of the remote's own call", new KiteError('timeout', 'no', { id }), 1],
    ["a lost connection of the remote's own", new KiteError('disconnect', 'no', { id }), 1],
  ])('gives %s its exit code', (_title, error, exitCode) => {
    expect(toCliError(error, doing)).toMatchObject({
      exitCode,
      type: error.type,
      code: error.code,
      requestId: error.id,
    });
  });

  it('tells who sent no key how to send one, and who sent one how to look at it', () => {
    const refused = new KiteError('authenticationError', 'no', { id });
    expect(toCliError(refused, doing).hint).toContain('--auth kite-key to send yours to http://h/kite');
    expect(toCliError(refused, { ...doing, withKey: true }).hint).toContain('kitectl showkey');
  });

  it('tells who is not let in about names that a kite does not go by', () => {
    expect(toCliError(dialError('handshake', 403), doing).hint).toContain('KITE_ALLOWED_HOSTS');
  });

  it.each<[string, Error, number, string]>([
    ['a store that cannot be reached', new StorageError('unavailable', 'no'), 6, 'storage'],
    ['a store that another Kontrol uses', new StorageError('locked', 'no'), 3, 'storage'],
    ['a store with unreadable content', new StorageError('broken', 'no'), 3, 'storage'],
    ['a connection that no client dialled', new DialError('refused', 'http://h/kite', 'no'), 6, 'disconnect'],
    ['an invalid setting', new ConfigurationError('badValue', 'no'), 3, 'configuration'],
  ])('gives %s its exit code, and does not call it a bug', (_title, error, exitCode, type) => {
    const failure = toCliError(error);
    expect(failure).toMatchObject({ exitCode, type, cause: error });
    expect(failure.message).toBe(error.message);
    expect(failure.hint).not.toContain('bug');
  });

  it('leaves an error that is decided as it is', () => {
    const error = usageError('no');
    expect(toCliError(error, doing)).toBe(error);
  });

  it('calls anything else a bug, with its stack', () => {
    const error = toCliError(new TypeError('x is not a function'), doing);
    expect(error).toMatchObject({ exitCode: 1, type: 'internal' });
    expect(error.message).toContain('failures.test.ts');
    expect(error.hint).toContain('bug');
  });
});

describe('formatFailure', () => {
  it('says what failed, on what, why, and what to do next', () => {
    const error = toCliError(new KiteError('genericError', 'no luck', { id, code: 'E1' }), doing);
    expect(formatFailure(error)).toBe(
      `error: calling "m" at http://h/kite failed: no luck (genericError, code E1, request ${id})\n`,
    );
    expect(formatFailure(usageError('no target', 'give one'))).toBe('error: no target\nhint: give one\n');
  });

  it('makes the control characters of the remote visible', () => {
    const error = toCliError(
      new KiteError('a\u001b[0m', 'b\u0007\u202e', { id: 'c\u009b', code: '\r' }),
      doing,
    );
    expect(formatFailure(error)).toBe(
      'error: calling "m" at http://h/kite failed: b\\x07\\u202e (a\\x1b[0m, code \\r, request c\\x9b)\n',
    );
  });
});

describe('reportFailure', () => {
  const error = toCliError(new KiteError('genericError', 'n\u009bo', { id }), doing);

  it('prints one line of JSON with --json, with nothing that steers a terminal', async () => {
    const stderr = new Sink({ isTTY: true });
    await reportFailure(error, true, { stderr, env: {}, color: 'auto' });
    expect(stderr.text).toBe(
      `{"error":{"type":"genericError","code":"","message":"n\\u009bo","requestId":"${id}","hint":""}}\n`,
    );
  });

  it.each([
    ['a terminal', { isTTY: true }, {}, 'auto', true],
    ['a pipe', { isTTY: false }, {}, 'auto', false],
    ['a terminal with --no-color', { isTTY: true }, {}, 'never', false],
    ['a pipe with --color always', { isTTY: false }, { NO_COLOR: '1' }, 'always', true],
    ['a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, 'auto', false],
    ['a pipe with FORCE_COLOR', { isTTY: false }, { FORCE_COLOR: '1', NO_COLOR: '1' }, 'auto', true],
    ['a terminal with FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }, 'auto', false],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, 'auto', false],
  ] as const)('on %s uses colours only where they are wanted', async (_title, sink, env, color, coloured) => {
    const stderr = new Sink(sink);
    await reportFailure(error, false, { stderr, env, color });
    expect(stderr.text.includes('\u001b[31m')).toBe(coloured);
  });
});

describe('the table of exit codes', () => {
  it('explains every code once, in order', () => {
    const codes = exitCodeMeanings.map(({ code }) => code);
    expect(codes).toEqual(Object.values(ExitCode));
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
    for (const { code, meaning } of exitCodeMeanings)
      expect(formatExitCodes()).toContain(`${code}  ${meaning}\n`);
  });

  it('is the one an error carries', () => {
    expect(new CliError('x', { exitCode: ExitCode.rateLimit, type: 'usage' }).exitCode).toBe(8);
  });
});
