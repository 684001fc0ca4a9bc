import { describe, expect, it } from 'vitest';
import { CallbackAnswer } from '../../../../src/lib/kite/callbacks/callback-answer.js';

describe('the answer of a callback', () => {
  it('an answer can be read before and after it has arrived, any number of times', async () => {
    const answer = new CallbackAnswer<number>(undefined);
    const before = answer.then((value) => value + 1);
    answer.resolve(1);
    answer.resolve(2);
    expect([await before, await answer, await answer.finally(() => undefined)]).toEqual([2, 1, 1]);
    expect(Object.prototype.toString.call(answer)).toBe('[object CallbackAnswer]');
  });

  it('an answer that is not read rejects nothing, and one that is read later still rejects', async () => {
    const answer = new CallbackAnswer(undefined);
    answer.reject(new Error('mine'));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(answer.catch((error: unknown) => (error as Error).message)).resolves.toBe('mine');
    await expect(Promise.resolve(answer)).rejects.toThrow('mine');
  });

  it('an answer reports that it is read', async () => {
    let reads = 0;
    const answer = new CallbackAnswer({
      answerRead: (read) => {
        reads++;
        read.resolve('read');
      },
    });
    expect([reads, await answer, reads]).toEqual([0, 'read', 1]);
  });
});
