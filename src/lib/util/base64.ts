const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Number of bytes that `String.fromCharCode` takes at once. */
const PIECE = 8192;

/** Encodes bytes as base64 with padding, in Node and in pages. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** Decodes base64 with padding. Returns undefined if the text is invalid. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
