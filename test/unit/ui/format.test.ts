import { describe, expect, it } from 'vitest';
import { truncate, formatAge, formatMs, formatValue } from '../../../src/ui/format.js';
import { PRINTED_LENGTH } from '../../../src/ui/page-limits.js';

describe('formats of the page', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [12_000_000, '3 h 20 min'],
    [90_000_000, '1 d 1 h'],
  ])('the duration of %d ms is formatted as %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  it.each([
    [0.123, '0.1 ms'],
    [12.6, '13 ms'],
    [12_345, '12.3 s'],
  ])('the latency of %d ms is formatted as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('values that JSON cannot represent are formatted by name', () => {
    expect(formatValue(undefined)).toBe('undefined');
    expect(formatValue({ call: () => 0 })).toBe('{\n  "call": "[Function]"\n}');
  });

  it('a value above PRINTED_LENGTH characters is cut, with the number of the others', () => {
    const text = 'x'.repeat(PRINTED_LENGTH);
    expect(truncate(text)).toBe(text);
    expect(truncate(`${text}yz`)).toBe(`${text}\n… 2 more characters`);
  });
});
