import { type Message, messageQuoted, messageText } from '../channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';

/**
 * Collects messages into one SockJS array frame by adding to a string. Messages are quoted as they come, and no frame is
 * ever encoded as a whole.
 */
export class FrameBatch {
  readonly #opening: string;
  readonly #messageBytes: number;
  #frame = '';
  #count = 0;

  /** `opening` is `a[` for frames of a server and `[` for frames of a client. */
  constructor(opening: string, messageBytes: number) {
    this.#opening = opening;
    this.#messageBytes = messageBytes;
  }

  /** Messages waiting in the frame. */
  get count(): number {
    return this.#count;
  }

  /** Length of the frame so far, in UTF-16 units. */
  get length(): number {
    return this.#frame.length;
  }

  /** Adds a message, unless it is longer than the limit: then the answer is false. */
  add(message: Message): boolean {
    const quoted = messageQuoted(message);
    // Quoting never shortens a text, and a unit takes three bytes at most: only a long one has to be counted.
    if (quoted.length * 3 > this.#messageBytes && exceedsBytes(messageText(message), this.#messageBytes)) {
      return false;
    }
    this.#frame += `${this.#count++ === 0 ? this.#opening : ','}"${quoted}"`;
    return true;
  }

  /** The frame, leaving an empty batch. Not to be called on an empty one. */
  take(): string {
    const frame = `${this.#frame}]`;
    this.#frame = '';
    this.#count = 0;
    return frame;
  }
}

/** A frame of this many messages goes out at once, so that the other side works while the rest is being made. */
export const BATCH_MESSAGES = 8;
/** The same for a frame of this length. */
export const BATCH_LENGTH = 16384;
