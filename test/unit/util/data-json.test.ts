import { describe, expect, it } from 'vitest';
import { dataJson } from '../../../src/lib/util/data-json.js';

const long = 'x'.repeat(600);

describe('dataJson', () => {
  it.each([
    null,
    true,
    4,
    'short',
    '',
    long,
    `${long}"`,
    `${long}\\`,
    `${long}\u0000`,
    `\u001f${long}`,
    `${long}\u007f\u2028é😀`,
    `${long}\ud800`,
    `\udc00${long}é`,
    [],
    [long],
    [4, long, `"${long}`, null, [long], { text: long }],
    [[long, 'short'], 'x'],
    Array.from({ length: 100 }, () => long),
    { text: long, list: [long] },
  ])('dataJson returns the same as JSON.stringify, case %#', (value) => {
    expect(dataJson(value)).toBe(JSON.stringify(value));
  });

  it('dataJson escapes every character that JSON.stringify escapes, and no other', () => {
    const different: string[] = [];
    for (let unit = 0; unit < 0x10000; unit++) {
      const text = `${long}${String.fromCharCode(unit)}`;
      if (dataJson(text) !== JSON.stringify(text)) different.push(unit.toString(16));
    }
    expect(different).toEqual([]);
  });
});
