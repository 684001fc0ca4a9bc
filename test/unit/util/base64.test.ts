import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromBase64, toBase64 } from '../../../src/lib/util/base64.js';

const LENGTHS = [0, 1, 2, 3, 4, 8191, 8192, 8193, 100_000];

describe.each(['Node', 'a page'])('base64 in %s', (where) => {
  afterEach(() => vi.unstubAllGlobals());

  it('bytes survive base64 in both directions', () => {
    const all = LENGTHS.map((length) => new Uint8Array(length).map((_, index) => index * 7));
    const expected = all.map((bytes) => Buffer.from(bytes).toString('base64'));
    if (where === 'a page') vi.stubGlobal('Buffer', undefined);
    const encoded = all.map(toBase64);
    const decoded = encoded.map(fromBase64);
    vi.unstubAllGlobals();
    expect(encoded).toEqual(expected);
    expect(decoded).toEqual(all);
  });

  it.each(['A', 'AA', 'AAA', 'A===', '====', 'AA=A', 'AA-_', 'AAA\n', 'AAé='])(
    'a text that is not base64 is rejected: %j',
    (text) => {
      if (where === 'a page') vi.stubGlobal('Buffer', undefined);
      const decoded = fromBase64(text);
      vi.unstubAllGlobals();
      expect(decoded).toBeUndefined();
    },
  );
});
