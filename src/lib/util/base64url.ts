/**
 * Decodes base64url without padding, in Node and in pages. Returns undefined if the text is invalid or its trailing bits are not
 * zero, so that each sequence of bytes has only one valid encoding.
 */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let count = 0;
  let index = 0;
  for (let i = 0; i < text.length; i++) {
    const value = valueOf(text.charCodeAt(i));
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[index++] = bits >> count;
  }
  // Six remaining bits are an incomplete byte. Fewer remaining bits must be zero.
  return count < 6 && (bits & ((1 << count) - 1)) === 0 ? bytes : undefined;
}

/** Returns the six bits of a character: A to Z, a to z, 0 to 9, - and _. Returns -1 for other characters. */
function valueOf(code: number): number {
  if (code > 96) return code < 123 ? code - 71 : -1;
  if (code > 64) return code < 91 ? code - 65 : code === 95 ? 63 : -1;
  if (code > 47) return code < 58 ? code + 4 : -1;
  return code === 45 ? 62 : -1;
}
