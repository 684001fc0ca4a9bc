import { describe, expect, it } from 'vitest';
import { wholeNumber } from '../../../../src/lib/cli/target/connection-flags.js';

describe('wholeNumber', () => {
  it('keeps to its bounds', () => {
    expect(wholeNumber('2048', 'bits', 2048, 8192)).toBe(2048);
    for (const text of ['2047', '8193', '', ' 4096', '4096.5', '-1', 'NaN']) {
      expect(() => wholeNumber(text, 'bits', 2048, 8192)).toThrow('--bits must be a whole number');
    }
  });
});
