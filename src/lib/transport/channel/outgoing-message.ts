import { toBase64 } from '../../util/base64.js';

/**
 * An outgoing message, as a string or as a list of pieces. Most of a call is constant on a connection, such as the caller and
 * its token, and some transports encode each message. A constant piece is a `Fragment`, which is encoded only once.
 */
export type Message = string | readonly Piece[] | BytesMessage;

/** A part of a message. A number represents its decimal digits. */
export type Piece = string | number | Fragment;

/** Encodes text for a transport, such as by escaping it. Must always return the same result for the same text. */
export type Encode = (text: string) => string;

/** Text that is sent many times. Caches its encoded form. */
export class Fragment {
  readonly text: string;
  #encode: Encode | undefined;
  #encoded = '';

  constructor(text: string) {
    this.text = text;
  }

  /** Returns `encode(text)`. Caches the result for the last `encode`. */
  encoded(encode: Encode): string {
    if (this.#encode !== encode) {
      this.#encode = encode;
      this.#encoded = encode(this.text);
    }
    return this.#encoded;
  }
}

/**
 * A message with bytes, sent or received. Each array stands for a JSON string: the bytes in base64, which a hop with the extension
 * `binary` does not need. The pieces are one line.
 */
export class BytesMessage {
  readonly pieces: readonly (Piece | Uint8Array)[];

  constructor(pieces: readonly (Piece | Uint8Array)[]) {
    this.pieces = pieces;
  }

  /** Returns a message with copies of the bytes. */
  copy(): BytesMessage {
    return new BytesMessage(
      this.pieces.map((piece) => (piece instanceof Uint8Array ? piece.slice() : piece)),
    );
  }
}

/** Returns the length of the text of a message, in UTF-16 code units. Bytes count as they are. */
export function messageLength(message: Message): number {
  if (typeof message === 'string') return message.length;
  let length = 0;
  for (const piece of piecesOf(message))
    length += piece instanceof Uint8Array ? piece.length : pieceText(piece).length;
  return length;
}

/** Returns the text of a message, with bytes in base64. */
export function messageText(message: Message): string {
  if (typeof message === 'string') return message;
  let text = '';
  for (const piece of piecesOf(message))
    text += piece instanceof Uint8Array ? `"${toBase64(piece)}"` : pieceText(piece);
  return text;
}

/** Returns the text of a piece. */
export function pieceText(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  return piece instanceof Fragment ? piece.text : `${piece}`;
}

function piecesOf(message: Exclude<Message, string>): readonly (Piece | Uint8Array)[] {
  return message instanceof BytesMessage ? message.pieces : message;
}
