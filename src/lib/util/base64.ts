const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Number of bytes that `String.fromCharCode` takes at once. */
const PIECE = 8192;

/** What Node has to convert base64, which takes a fraction of the time. */
interface NodeBuffer {
  from(text: string, encoding: 'base64'): Uint8Array;
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string };
}

// The build of the bundles for pages replaces `globalThis.Buffer` by undefined.
const nodeBuffer = (globalThis as { readonly Buffer?: NodeBuffer }).Buffer;

/** Encodes bytes as base64 with padding, in Node and in pages. */
export function toBase64(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** Decodes base64 with padding. Returns undefined if the text is invalid. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  // A Buffer would print differently, and small ones share their memory.
  if (nodeBuffer) return new Uint8Array(nodeBuffer.from(text, 'base64'));
  const decoded = atob(text);
  const bytes = new Uint8Array(decoded.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = decoded.charCodeAt(index);
  return bytes;
}
