import { BytesMessage } from '../../../src/lib/transport/channel/outgoing-message.js';
import { encodeBinary, joinParts } from '../../../src/lib/transport/sockjs/binary-frame.js';

/** Returns a message as a binary message, as a hop with the extension `binary` carries it. */
export function binaryMessage(message: BytesMessage, limit = 64 * 1024 * 1024): Uint8Array {
  const encoded = encodeBinary(message, limit);
  if (!encoded) throw new Error('the message cannot be a binary message');
  const frame = new Uint8Array(encoded.size);
  joinParts(encoded, frame);
  return frame;
}

/**
 * Returns a text message, in which values of bytes are base64, as a binary message with all of them. Undefined if it has none, or is
 * not one line of UTF-8.
 */
export function textAsBinary(text: string): Uint8Array | undefined {
  const pieces: (string | Uint8Array)[] = [];
  let at = 0;
  for (const { 0: match, 1: base64 = '', index } of text.matchAll(
    /(?<=\{"\$":"bytes","v":)"([\w+/=]*)"(?=\})/g,
  )) {
    if (Buffer.from(base64, 'base64').toString('base64') !== base64) continue;
    pieces.push(text.slice(at, index), Uint8Array.from(Buffer.from(base64, 'base64')));
    at = index + match.length;
  }
  return pieces.length === 0 || /[\r\n]|\p{Surrogate}/u.test(text)
    ? undefined
    : binaryMessage(new BytesMessage([...pieces, text.slice(at)]));
}
