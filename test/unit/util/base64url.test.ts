import { describe, expect, it } from 'vitest';
import { decodeBase64Url } from '../../../src/lib/util/base64url.js';

const bytesOf = (text: string): number[] | undefined => {
  const bytes = decodeBase64Url(text);
  return bytes && [...bytes];
};

describe('base64url', () => {
  it('base64url encodes like Node, for every length up to 300 and every byte', () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7 + length) % 256));
      expect(bytesOf(bytes.toString('base64url'))).toEqual([...bytes]);
    }
  });

  it('base64url has one encoding per value: of the 4,160 strings with one or two letters, 256 are a byte', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
    const texts = [...alphabet, ...alphabet.flatMap((first) => alphabet.map((second) => first + second))];
    const good = texts.filter((text) => decodeBase64Url(text) !== undefined);
    expect(good).toHaveLength(256);
    for (const text of good) expect(Buffer.from(bytesOf(text) ?? []).toString('base64url')).toBe(text);
  });

  it.each(['A', 'AA==', 'AA=', '+/+/', 'AA ', 'A\nA', ' ', '\0\0', 'ÄÄ', '€€', '💥', 'AAAAA', 'AB'])(
    'base64url rejects the malformed string %j',
    (text) => {
      expect(decodeBase64Url(text)).toBeUndefined();
    },
  );
});
