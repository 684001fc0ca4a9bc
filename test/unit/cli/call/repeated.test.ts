import { describe, expect, it } from 'vitest';
import { repeated } from '../../../../src/lib/cli/call/repeated.js';
import { toCliError } from '../../../../src/lib/cli/frame/failures.js';
import { notFound } from '../../../../src/lib/cli/runtime/cli-error.js';
import { codedError, KiteError, retryableError } from '../../../../src/lib/protocol/errors.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

const notSent = toCliError(retryableError('disconnect', 'notSent', 'the kite is gone.'));
const lost = toCliError(codedError('disconnect', 'lost', 'the kite is gone'));
const late = toCliError(new KiteError('timeout', 'no answer'));
const none = notFound('No kite.', 'Start one.').with({ code: 'noKite' });
const several = notFound('Two kites.', 'Choose one.');
const failed = toCliError(new KiteError('genericError', 'no luck'));

/** Number of attempts of a call that fails with each error, and succeeds after the last. */
async function attempts(
  errors: readonly Error[],
  options: Parameters<typeof repeated>[0],
  runtime = testRuntime(),
): Promise<number> {
  let made = 0;
  await repeated(options, runtime, async () => {
    const error = errors[made++];
    if (error) throw error;
  }).catch((error: unknown) => expect(errors).toContain(error));
  return made;
}

describe('repeated', () => {
  it('repeated makes a call again that has not run, as often as is allowed', async () => {
    expect(await attempts([notSent, none], { retries: 2 })).toBe(3);
    expect(await attempts([notSent, notSent], { retries: 1 })).toBe(2);
    expect(await attempts([notSent], {})).toBe(1);
  });

  it('repeated makes a call again that may have run only if it is idempotent', async () => {
    for (const error of [lost, late]) {
      expect(await attempts([error], { retries: 1 })).toBe(1);
      expect(await attempts([error], { retries: 1, idempotent: true })).toBe(2);
    }
  });

  it('repeated does not make a call again that was answered, or whose target is ambiguous', async () => {
    for (const error of [failed, several])
      expect(await attempts([error], { retries: 1, idempotent: true })).toBe(1);
  });

  it('repeated does not make a call again if its output has begun, or after an interruption', async () => {
    expect(await attempts([notSent], { retries: 1, mayRepeat: () => false })).toBe(1);
    const signal = AbortSignal.abort(new Error('interrupted'));
    expect(await attempts([notSent], { retries: 1 }, testRuntime({ signal }))).toBe(1);
  });

  it('repeated reports on a terminal why it waits, and writes nothing to a pipe', async () => {
    const terminal = new Sink({ isTTY: true });
    const pipe = new Sink();
    await attempts([notSent], { retries: 1 }, testRuntime({ stderr: terminal }));
    await attempts([notSent], { retries: 1 }, testRuntime({ stderr: pipe }));
    expect(terminal.text).toMatch(/^warning: the kite is gone\. Trying again in \d+ms\.\n$/);
    expect(pipe.text).toBe('');
  });
});
