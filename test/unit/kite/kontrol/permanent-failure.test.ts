import { describe, expect, it } from 'vitest';
import { toError, isPermanentFailure } from '../../../../src/lib/kite/kontrol/permanent-failure.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';

describe('isPermanentFailure', () => {
  it.each(['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'])(
    'isPermanentFailure is true for %s, which another attempt does not change',
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
  ])('isPermanentFailure is false for %s', (error) => {
    expect(isPermanentFailure(error)).toBe(false);
  });
});

describe('toError', () => {
  it('toError returns an error unchanged, and converts any other value to one', () => {
    const error = new Error('no');
    expect(toError(error)).toBe(error);
    expect(toError('no')).toEqual(error);
  });
});
