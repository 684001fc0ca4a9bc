import { describe, expect, it } from 'vitest';
import { exceedsBytes, utf8Length } from '../../../src/lib/util/utf8.js';

const TEXTS = ['', 'abc', 'é', '\u07ff', '\u0800', '€', '😀', 'a€😀é', '\ud83d', '\udc00x', 'x'.repeat(1000)];

describe('utf8Length', () => {
  it.each(TEXTS)('utf8Length counts the bytes of %j in UTF-8', (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });
});

describe('exceedsBytes', () => {
  it.each(TEXTS)('exceedsBytes compares %j with limits around its length', (text) => {
    const bytes = Buffer.byteLength(text);
    for (let limit = Math.max(0, bytes - 2); limit <= 3 * bytes + 1; limit++) {
      expect([limit, exceedsBytes(text, limit)]).toEqual([limit, bytes > limit]);
    }
  });
});
