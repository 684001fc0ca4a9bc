import { describe, expect, it, vi } from 'vitest';
import * as inNode from '../../../src/lib/util/utf8.js';

/** As it is loaded in a page. */
vi.stubGlobal('Buffer', undefined);
vi.resetModules();
const inPage = await import('../../../src/lib/util/utf8.js');
vi.unstubAllGlobals();

const PLATFORMS = { 'in Node': inNode, 'in a page': inPage };

const TEXTS = ['', 'abc', 'é', '\u07ff', '\u0800', '€', '😀', 'a€😀é', '\ud83d', '\udc00x', 'x'.repeat(1000)];

/** Texts of several pieces, with a surrogate pair or its halves at the end of one. */
const LONG_TEXTS = [0, 1, 2, 3].flatMap((offset) =>
  ['😀', '\ud83d', '\udc00', '\ud83d\ud83d', '€'].map(
    (end) => `${'x'.repeat(16 * 1024 - offset)}${end}${'é'.repeat(20 * 1024)}`,
  ),
);

describe.each(Object.entries(PLATFORMS))('utf8Length %s', (_platform, { utf8Length, exceedsBytes }) => {
  it.each(TEXTS)('utf8Length counts the bytes of %j in UTF-8', (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });

  it('utf8Length counts the bytes of texts that are counted in several pieces', () => {
    for (const text of LONG_TEXTS) {
      const bytes = Buffer.byteLength(text);
      expect(utf8Length(text)).toBe(bytes);
      expect([exceedsBytes(text, bytes - 1), exceedsBytes(text, bytes)]).toEqual([true, false]);
    }
  });
});

describe.each(Object.entries(PLATFORMS))('exceedsBytes %s', (_platform, { exceedsBytes }) => {
  it.each(TEXTS)('exceedsBytes compares %j with limits around its length', (text) => {
    const bytes = Buffer.byteLength(text);
    for (let limit = Math.max(0, bytes - 2); limit <= 3 * bytes + 1; limit++) {
      expect([limit, exceedsBytes(text, limit)]).toEqual([limit, bytes > limit]);
    }
  });
});
