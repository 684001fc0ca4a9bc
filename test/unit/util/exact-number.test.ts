import { describe, expect, it } from 'vitest';
import { isExact, mayHoldInexact } from '../../../src/lib/util/exact-number.js';
import { INEXACT_NUMBERS, SPELLED_DIFFERENTLY } from '../../helpers/hostile-numbers.js';
import { seededRandom } from '../../helpers/process/random.js';

describe('isExact', () => {
  it.each(INEXACT_NUMBERS)('isExact returns false for %s', (number) => {
    expect(isExact(number)).toBe(false);
  });

  it.each([
    ...SPELLED_DIFFERENTLY,
    '0',
    '0e999',
    '9007199254740992',
    '1700000000000000000',
    '1.7976931348623157e308',
    '5e-324',
    // As C and PHP write 0.1 and 5e-324.
    '0.10000000000000001',
    '4.9406564584124654e-324',
  ])('isExact returns true for %s', (number) => {
    expect(isExact(number)).toBe(true);
  });
});

describe('mayHoldInexact', () => {
  it.each(INEXACT_NUMBERS)('mayHoldInexact finds %s at each position of a message', (number) => {
    for (let length = 0; length < 40; length++) {
      for (const text of ['x', '"', ' ', ',']) {
        const json = JSON.stringify([text.repeat(length * 20), 'x'.repeat(length)]);
        expect(mayHoldInexact(`[${json},${number}]`)).toBe(true);
      }
    }
  });

  it('mayHoldInexact finds every number that is not exact among 20,000 random ones', () => {
    const random = seededRandom(1);
    const upTo = (max: number): number => Math.floor(random() * max);
    let inexact = 0;
    for (let round = 0; round < 20_000; round++) {
      const digits = Array.from({ length: 1 + upTo(22) }, () => upTo(10)).join('');
      const fraction = upTo(2) === 0 ? '' : `.${digits}`;
      const exponent = upTo(2) === 0 ? '' : `e${['', '+', '-'][upTo(3)]}${upTo(upTo(2) === 0 ? 400 : 99)}`;
      const number = `${digits.replace(/^0+(?=\d)/, '')}${fraction}${exponent}`;
      if (isExact(number)) continue;
      inexact++;
      expect([number, mayHoldInexact(`{"a":["${'b c:,'.repeat(upTo(100))}",${number}]}`)]).toEqual([
        number,
        true,
      ]);
    }
    expect(inexact).toBeGreaterThan(5000);
  });

  it.each([
    '{"method":0,"arguments":[{"error":null,"result":16}],"callbacks":{}}',
    '[1.5,2e10,1e-7,123456789012345,"2026-11-30T15:00:00.000Z"]',
  ])('mayHoldInexact finds nothing in %s', (json) => {
    expect(mayHoldInexact(json)).toBe(false);
  });

  it('mayHoldInexact finds a number before the first string of a long message', () => {
    expect(mayHoldInexact(`[${'1,'.repeat(200)}12345678901234567890,${'1,'.repeat(200)}"x"]`)).toBe(true);
  });

  it('mayHoldInexact skips the inside of a long string', () => {
    expect(mayHoldInexact(JSON.stringify([`x${'y'.repeat(2000)}${'1'.repeat(2000)}`]))).toBe(false);
  });
});
