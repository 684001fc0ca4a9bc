import { describe, expect, it } from 'vitest';
import { listAttempts, mayRepeat } from '../../../../src/lib/kite/service/attempts.js';
import { codedError, KiteError, retryableError } from '../../../../src/lib/protocol/errors.js';

const notSent = retryableError('disconnect', 'notSent', 'the kite is gone');
const lost = codedError('disconnect', 'lost', 'the kite is gone');

describe('mayRepeat', () => {
  it('mayRepeat allows each call that has not run to be made again', () => {
    expect([mayRepeat(notSent, false), mayRepeat(notSent, true)]).toEqual([true, true]);
  });

  it('mayRepeat allows a call whose answer was lost to be made again only if it is idempotent', () => {
    expect([mayRepeat(lost, false), mayRepeat(lost, true)]).toEqual([false, true]);
  });

  it('mayRepeat never allows a call that was answered to be made again', () => {
    expect(mayRepeat(new KiteError('genericError', 'no luck'), true)).toBe(false);
  });
});

describe('listAttempts', () => {
  it('listAttempts names each kite with the reason', () => {
    const failures = [
      { kite: { url: 'http://a/kite' }, error: notSent },
      { kite: { url: 'http://b/kite' }, error: lost },
    ];
    expect(listAttempts(failures)).toEqual([
      'http://a/kite: the kite is gone',
      'http://b/kite: the kite is gone',
    ]);
  });
});
