import { describe, expect, it } from 'vitest';
import { cut, formatAge, formatMs, formatValue } from '../../../src/ui/format.js';
import { SHOWN_LENGTH } from '../../../src/ui/page-limits.js';

describe('texts of the page', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [12_000_000, '3 h 20 min'],
    [90_000_000, '1 d 1 h'],
  ])('say of %d ms how long that is: %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  it.each([
    [0.123, '0.1 ms'],
    [12.6, '13 ms'],
    [12_345, '12.3 s'],
  ])('say of %d ms how long a call took: %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('name what JSON has no word for', () => {
    expect(formatValue(undefined)).toBe('undefined');
    expect(formatValue({ call: () => 0 })).toBe('{\n  "call": "[Function]"\n}');
  });

  it('show SHOWN_LENGTH characters of a longer value, and count the rest', () => {
    const text = 'x'.repeat(SHOWN_LENGTH);
    expect(cut(text)).toBe(text);
    expect(cut(`${text}yz`)).toBe(`${text}\n… 2 more characters`);
  });
});
