import { describe, expect, it } from 'vitest';
import { truncate, formatAge, formatMs, formatValue } from '../../../src/ui/format.js';
import { PRINTED_LENGTH, SHOWN_BYTES } from '../../../src/ui/page-limits.js';

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

  it('rich values are formatted as on the command line', () => {
    expect(
      formatValue(
        new Map<string, unknown>([
          ['due', new Date(0)],
          ['id', 12345678901234567890n],
        ]),
      ),
    ).toBe('{\n  "due": "1970-01-01T00:00:00.000Z",\n  "id": 12345678901234567890\n}');
  });

  it('bytes are formatted as their number and the first SHOWN_BYTES of them', () => {
    expect(formatValue(Uint8Array.of(0))).toBe(`1 byte\n0000  00${' '.repeat(22)} .`);
    expect(formatValue(new Uint8Array())).toBe('0 bytes');
    const lines = formatValue(new Uint8Array(SHOWN_BYTES + 2).fill(0x41)).split('\n');
    expect(lines).toHaveLength(2 + SHOWN_BYTES / 8);
    expect(lines[1]).toBe(`0000  ${'41 '.repeat(8)} ${'A'.repeat(8)}`);
    expect(lines.at(-1)).toBe('… 2 more bytes');
  });

  it('a value above PRINTED_LENGTH characters is cut, with the number of the others', () => {
    const text = 'x'.repeat(PRINTED_LENGTH);
    expect(truncate(text)).toBe(text);
    expect(truncate(`${text}yz`)).toBe(`${text}\n… 2 more characters`);
  });
});
