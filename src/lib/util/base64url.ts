const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** What the character of each code stands for; -1 for those that stand for nothing. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)));

/**
 * The bytes that base64url without padding stands for, in Node and in pages alike. Undefined for anything else, and for
 * text whose last bits are not those of a byte: only one text stands for the same bytes.
 */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let count = 0;
  let index = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[index++] = bits >> count;
  }
  // Six bits over are a letter that adds nothing; the others have to be zero.
  return count < 6 && (bits & ((1 << count) - 1)) === 0 ? bytes : undefined;
}
