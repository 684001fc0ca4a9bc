import { describe, expect, it } from 'vitest';
import { isPermanentFailure } from '../../../../src/lib/kite/kontrol/permanent-failure.js';
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
