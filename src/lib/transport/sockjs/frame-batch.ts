import { type Message, messageText } from '../channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { quoteMessage } from './quoting.js';

/** Collects messages into one SockJS array frame. Each message is quoted and appended to a string when it is added. */
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

  /** Number of messages in the frame. */
  get count(): number {
    return this.#count;
  }

  /** Length of the frame, in UTF-16 units. */
  get length(): number {
    return this.#frame.length;
  }

  /** Adds a message. Returns false if the message exceeds the limit. */
  add(message: Message): boolean {
    const quoted = quoteMessage(message);
    // Quoting never shortens a text, and a UTF-16 unit takes at most three bytes, so only long messages are counted.
    if (quoted.length * 3 > this.#messageBytes && exceedsBytes(messageText(message), this.#messageBytes)) {
      return false;
    }
    this.#frame += `${this.#count++ === 0 ? this.#opening : ','}"${quoted}"`;
    return true;
  }

  /** Returns the frame and empties the batch. Must not be called on an empty batch. */
  take(): string {
    const frame = `${this.#frame}]`;
    this.#frame = '';
    this.#count = 0;
    return frame;
  }
}

/** Number of messages at which a frame is sent at once, so that the peer can start while the next frame is built. */
export const BATCH_MESSAGES = 8;
/** Length at which a frame is sent at once, in UTF-16 units. */
export const BATCH_LENGTH = 16384;
