/**
 * An outgoing message, as a string or as a list of pieces. Most of a call is constant on a connection, such as the caller and
 * its token, and some transports encode each message. A constant piece is a `Fragment`, which is encoded only once.
 */
export type Message = string | readonly Piece[];

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

/** Returns the length of the text of a message, in UTF-16 code units. */
export function messageLength(message: Message): number {
  if (typeof message === 'string') return message.length;
  let length = 0;
  for (const piece of message)
    length +=
      piece instanceof Fragment ? piece.text.length : (typeof piece === 'string' ? piece : `${piece}`).length;
  return length;
}

/** Returns the text of a message. */
export function messageText(message: Message): string {
  if (typeof message === 'string') return message;
  let text = '';
  for (const piece of message) text += piece instanceof Fragment ? piece.text : piece;
  return text;
}
