import { describe, expect, it } from 'vitest';
import type { PendingCall } from '../../../../src/lib/kite/call/pending-calls.js';
import { settleCall } from '../../../../src/lib/kite/call/settle-call.js';

/** The outcome of a call whose peer answers with `args`. */
function outcomeOf(args: readonly unknown[], problem?: Error): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call: PendingCall = {
      method: 'square',
      resolve,
      reject,
      timeout: 0,
      callbacks: undefined,
      unlisten: undefined,
      deadline: Infinity,
    };
    settleCall(call, { method: 0, args: [...args], callbacks: undefined, ...(problem && { problem }) });
  });
}

describe('settleCall', () => {
  it.each([
    ['the object of a kite', [{ error: null, result: 16 }], 16],
    ['an object without an error', [{ result: 16 }], 16],
    ['an object without a result', [{ error: null }], undefined],
    ['the error and the result of kite.js', [null, 16], 16],
    ['null alone', [null], null],
  ])('settleCall resolves a call with %s', async (_, args, result) => {
    expect(await outcomeOf(args)).toBe(result);
  });

  const error = { type: 'argumentError', message: 'too few', code: 'E1' };

  it.each([
    ['the object of a kite', [{ error }]],
    ['the error of kite.js', [error, null]],
  ])('settleCall rejects a call with %s', async (_, args) => {
    await expect(outcomeOf(args)).rejects.toMatchObject(error);
  });

  it('settleCall rejects a call whose result cannot be used with the reason', async () => {
    const problem = new Error('The number 1e400 cannot be represented exactly');
    await expect(outcomeOf([{ error: null, result: Infinity }], problem)).rejects.toBe(problem);
    await expect(outcomeOf([{ error }], problem)).rejects.toMatchObject(error);
  });

  it.each([
    ['a number', [16]],
    ['a string', ['16']],
    ['nothing', []],
  ])('settleCall rejects a call with invalidResponse for %s', async (_, args) => {
    await expect(outcomeOf(args)).rejects.toMatchObject({ type: 'invalidResponse' });
  });
});
