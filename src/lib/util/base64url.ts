/**
 * Decodes base64url without padding, in Node and in pages. Returns undefined if the text is invalid or its trailing bits are not
 * zero, so that each sequence of bytes has only one valid encoding.
 */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  try {
    const bytes = atob(base64);
    // `atob` ignores trailing bits.
    return btoa(bytes).startsWith(base64) ? Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}
