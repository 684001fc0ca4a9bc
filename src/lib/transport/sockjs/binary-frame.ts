import { type Violation, violation } from '../channel/close-code.js';
import { BytesMessage, pieceText } from '../channel/outgoing-message.js';
import { BINARY_VALUES } from '../limits/transport-limits.js';
import { messageTooLong } from './frames.js';
import { LINE_BREAK, LINES_START } from './lines.js';

/*
 * Binary messages of a hop with the extension `binary`. Each is one message, a line in which the base64 of some values is left
 * out:
 *
 *     length of a text, text, length of a value, value, length of a text, text, …
 *
 * A length is four bytes, the highest first. The first and the last part are texts. Spaces before a value let it begin at a
 * multiple of eight bytes, so that the receiver can use it where it is.
 */
const LENGTH_BYTES = 4;
const ALIGNMENT = 8;

/** What precedes and what follows the base64 of bytes. */
const BEFORE_VALUE = '{"$":"bytes","v":';
const AFTER_VALUE = '}';

const encoder = new TextEncoder();
// A byte order mark is a character of the text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const INVALID = violation(1002, 'Invalid binary message');
const INVALID_TEXT = violation(1007, 'A binary message contains invalid UTF-8');
const TOO_MANY = violation(1008, `A binary message has more than ${BINARY_VALUES} values`);

/** A binary message that is not copied into memory yet. */
export interface BinaryParts {
  /** Texts and values in turn. */
  readonly parts: readonly Uint8Array[];
  /** Size of the message. */
  readonly size: number;
}

/** Encodes a message. Returns undefined if it exceeds the limit, or has more values than a binary message can have. */
export function encodeBinary({ pieces }: BytesMessage, messageBytes: number): BinaryParts | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  let text = '';
  const add = (part: Uint8Array): void => {
    parts.push(part);
    size += LENGTH_BYTES + part.length;
  };
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) {
      text += pieceText(piece);
      continue;
    }
    const encoded = encoder.encode(text);
    const excess = (size + 2 * LENGTH_BYTES + encoded.length) % ALIGNMENT;
    add(excess === 0 ? encoded : encoder.encode(text + ' '.repeat(ALIGNMENT - excess)));
    add(piece);
    text = '';
  }
  add(encoder.encode(text));
  return size > messageBytes || parts.length > 2 * BINARY_VALUES + 1 ? undefined : { parts, size };
}

/** Copies a message to the end of `frame`. */
export function joinParts({ parts, size }: BinaryParts, frame: Uint8Array): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  let at = frame.length - size;
  for (const part of parts) {
    view.setUint32(at, part.length);
    frame.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.length;
  }
}

/** Decodes a message, whose bytes are views of the frame. Never throws: returns a `Violation` if the frame is invalid. */
export function decodeBinary(frame: Uint8Array, messageBytes: number): BytesMessage | Violation {
  const { buffer, byteOffset, length } = frame;
  if (length > messageBytes) return messageTooLong(messageBytes);
  const view = new DataView(buffer, byteOffset, length);
  const pieces: (string | Uint8Array)[] = [];
  for (let at = 0; at < length; ) {
    const start = at + LENGTH_BYTES;
    if (start > length) return INVALID;
    at = start + view.getUint32(start - LENGTH_BYTES);
    if (at > length) return INVALID;
    const part = new Uint8Array(buffer, byteOffset + start, at - start);
    if (pieces.length % 2 === 1) pieces.push(part);
    else {
      const text = decodeText(part);
      if (text === undefined) return INVALID_TEXT;
      const isFirst = pieces.length === 0;
      if (LINE_BREAK.test(text) || !text.startsWith(isFirst ? LINES_START : AFTER_VALUE)) return INVALID;
      if (!text.trimEnd().endsWith(at < length ? BEFORE_VALUE : AFTER_VALUE)) return INVALID;
      pieces.push(text);
    }
    if (pieces.length > 2 * BINARY_VALUES + 1) return TOO_MANY;
  }
  // A text, and pairs of a value and a text.
  return pieces.length >= 3 && pieces.length % 2 === 1 ? new BytesMessage(pieces) : INVALID;
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
