import { describe, expect, it } from 'vitest';
import { toError, isPermanentFailure } from '../../../../src/lib/kite/kontrol/permanent-failure.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';

describe('isPermanentFailure', () => {
  it.each(['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'])(
    'is true for %s, which another attempt does not change',
    (type) => {
      expect(isPermanentFailure(new KiteError(type, 'no'))).toBe(true);
    },
  );

  it.each([
    new KiteError('timeout', 'no'),
    new KiteError('disconnect', 'no'),
    new KiteError('genericError', 'no'),
    new Error('authenticationError'),
    undefined,
  ])('is false for %s', (error) => {
    expect(isPermanentFailure(error)).toBe(false);
  });
});

describe('toError', () => {
  it('returns an error as it is, and makes one of anything else', () => {
    const error = new Error('no');
    expect(toError(error)).toBe(error);
    expect(toError('no')).toEqual(error);
  });
});
