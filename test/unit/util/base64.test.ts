import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../../src/lib/util/base64.js';

const LENGTHS = [0, 1, 2, 3, 4, 8191, 8192, 8193, 100_000];

describe('base64', () => {
  it('bytes survive base64 in both directions', () => {
    const all = LENGTHS.map((length) => new Uint8Array(length).map((_, index) => index * 7));
    const expected = all.map((bytes) => Buffer.from(bytes).toString('base64'));
    const encoded = all.map(toBase64);
    const decoded = encoded.map(fromBase64);
    expect(encoded).toEqual(expected);
    expect(decoded).toEqual(all);
  });

  it.each(['A', 'AA', 'AAA', 'A===', '====', 'AA=A', 'AA-_', 'AAA\n', 'AAé='])(
    'a text that is not base64 is rejected: %j',
    (text) => {
      const decoded = fromBase64(text);
      expect(decoded).toBeUndefined();
    },
  );
});
