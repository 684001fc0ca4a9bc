import { describe, expect, it } from 'vitest';
import { asError, isRefusal } from '../../../../src/lib/kite/kontrol/is-refusal.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';

describe('isRefusal', () => {
  it.each(['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'])(
    'is true for %s, which another attempt does not change',
    (type) => {
      expect(isRefusal(new KiteError(type, 'no'))).toBe(true);
    },
  );

  it.each([
    new KiteError('timeout', 'no'),
    new KiteError('disconnect', 'no'),
    new KiteError('genericError', 'no'),
    new Error('authenticationError'),
    undefined,
  ])('is false for %s', (error) => {
    expect(isRefusal(error)).toBe(false);
  });
});

describe('asError', () => {
  it('returns an error as it is, and makes one of anything else', () => {
    const error = new Error('no');
    expect(asError(error)).toBe(error);
    expect(asError('no')).toEqual(error);
  });
});
