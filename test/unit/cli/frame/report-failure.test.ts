import { describe, expect, it } from 'vitest';
import { toCliError } from '../../../../src/lib/cli/frame/failures.js';
import { formatFailure, reportFailure } from '../../../../src/lib/cli/frame/report-failure.js';
import { usageError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { PRINTED_DATA } from '../../../../src/lib/cli/runtime/command-limits.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { Sink } from '../../../helpers/cli/test-runtime.js';

const id = '0123456789abcdef';

const operation = { description: 'calling "m" at http://h/kite', target: 'http://h/kite' };

describe('formatFailure', () => {
  it('formatFailure prints what failed, the target, the cause and a hint', () => {
    const error = toCliError(new KiteError('genericError', 'no luck', { id, code: 'E1' }), operation);
    expect(formatFailure(error)).toBe(
      `error: calling "m" at http://h/kite failed: no luck (genericError, code E1, request ${id})\n`,
    );
    expect(formatFailure(usageError('no target', 'give one'))).toBe('error: no target\nhint: give one\n');
  });

  it('formatFailure escapes the control characters of the remote', () => {
    const error = toCliError(
      new KiteError('a\u001b[0m', 'b\u0007\u202e', { id: 'c\u009b', code: '\r' }),
      operation,
    );
    expect(formatFailure(error)).toBe(
      'error: calling "m" at http://h/kite failed: b\\x07\\u202e (a\\x1b[0m, code \\r, request c\\x9b)\n',
    );
  });

  it('formatFailure marks the lines of a message, so that none looks like a hint, and keeps tabs', () => {
    const error = toCliError(new KiteError('genericError', 'a\tb\nhint: forged\nerror: forged\n'), operation);
    expect(formatFailure(error)).toBe(
      'error: calling "m" at http://h/kite failed: a\tb\n  | hint: forged\n  | error: forged\n',
    );
  });
});

describe('the data of an error', () => {
  const failure = (data: unknown) =>
    toCliError(new KiteError('genericError', 'no luck', { id, data }), operation);

  it('formatFailure prints the data of a remote error in a line, without control characters, and shortened', () => {
    const details = `error: calling "m" at http://h/kite failed: no luck (genericError, request ${id})\n`;
    expect(formatFailure(failure({ after: 30, text: 'a\nhint: forged\u009b' }))).toBe(
      `${details}data: {"after":30,"text":"a\\nhint: forged\\u009b"}\n`,
    );
    const long = formatFailure(failure('x'.repeat(PRINTED_DATA)));
    expect(long).toBe(`${details}data: "${'x'.repeat(PRINTED_DATA - 1)}… (all of it with -o json)\n`);
  });

  it('reportFailure prints the whole data with --json', () => {
    const stderr = new Sink({ isTTY: true });
    const data = { text: 'x'.repeat(PRINTED_DATA), when: new Date(0), big: 2n ** 64n };
    reportFailure(failure(data), true, { stderr, env: {}, color: 'auto' });
    expect(JSON.parse(stderr.text)).toMatchObject({ error: { data: { text: data.text } } });
    expect(stderr.text).toContain('18446744073709551616');
  });
});

describe('reportFailure', () => {
  const error = toCliError(new KiteError('genericError', 'n\u009bo', { id }), operation);

  it('reportFailure prints one line of JSON with --json, without control characters', () => {
    const stderr = new Sink({ isTTY: true });
    reportFailure(error, true, { stderr, env: {}, color: 'auto' });
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
  ] as const)(
    'reportFailure uses colors on %s only if they are enabled',
    (_title, sink, env, color, colored) => {
      const stderr = new Sink(sink);
      reportFailure(error, false, { stderr, env, color });
      expect(stderr.text.includes('\u001b[31m')).toBe(colored);
    },
  );
});
