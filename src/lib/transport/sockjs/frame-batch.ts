import { BytesMessage, type Message, messageText, type Piece } from '../channel/outgoing-message.js';
import { exceedsBytes } from '../../util/utf8.js';
import { fitsLine } from './lines.js';
import { quoteMessage } from './quoting.js';

/**
 * Collects messages into one frame: a SockJS array, or lines if the hop supports them. Each message is encoded and appended to a
 * string when it is added.
 */
export class FrameBatch {
  readonly #opening: string;
  readonly #messageBytes: number;
  #frame = '';
  #count = 0;
  #frameHasLines = false;
  /** Number of messages at which this frame is full. */
  #fullAt = BATCH_MESSAGES;
  /** Whether messages are sent as lines. Those that do not fit into a line are sent in arrays. */
  lines = false;

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

  /** Whether the frame should be sent at once, so that the peer can work while the next one is built. */
  get isFull(): boolean {
    return this.#count >= this.#fullAt || this.#frame.length >= BATCH_LENGTH;
  }

  /** The next frame is the first of a turn of the event loop. */
  endTurn(): void {
    this.#fullAt = BATCH_MESSAGES;
  }

  /** Whether the frame must be taken before this message is added, because the two have different forms. */
  isUnlike(message: Message): boolean {
    return this.#count > 0 && this.#frameHasLines !== this.#isLine(message);
  }

  /** Whether a message is sent as a line of its own, without being joined: it would fill a frame, and joining copies it. */
  isLongLine(message: Message): message is readonly Piece[] {
    if (!this.lines || typeof message === 'string' || message instanceof BytesMessage) return false;
    for (const piece of message) if (typeof piece === 'string' && piece.length >= BATCH_LENGTH) return true;
    return false;
  }

  /** Adds a message. Returns false if the message exceeds the limit. */
  add(given: Message): boolean {
    // Base64 is made once.
    const message = given instanceof BytesMessage ? messageText(given) : given;
    const isLine = this.#isLine(message);
    const text = isLine ? messageText(message) : quoteMessage(message);
    // Quoting never shortens a text, and a UTF-16 unit takes at most three bytes, so only long messages are counted.
    if (
      text.length * 3 > this.#messageBytes &&
      exceedsBytes(isLine ? text : messageText(message), this.#messageBytes)
    ) {
      return false;
    }
    const first = this.#count++ === 0;
    if (first) this.#frameHasLines = isLine;
    if (isLine) this.#frame = first ? text : `${this.#frame}\n${text}`;
    else this.#frame += `${first ? this.#opening : ','}"${text}"`;
    return true;
  }

  /** Returns the frame and empties the batch. Must not be called on an empty batch. */
  take(): string {
    const frame = this.#frameHasLines ? this.#frame : `${this.#frame}]`;
    // The peer has more to do with each frame of a turn, and each frame costs both ends a system call.
    if (this.#count >= this.#fullAt) this.#fullAt *= 2;
    this.#frame = '';
    this.#count = 0;
    return frame;
  }

  /** The pieces of a message of this side are one line. Other messages are those that a relay forwards. */
  #isLine(message: Message): boolean {
    return this.lines && (typeof message !== 'string' || fitsLine(message));
  }
}

/** Number of messages at which the first frame of a turn of the event loop is full. Each further one has twice as many. */
export const BATCH_MESSAGES = 8;
/** Length at which a frame is full, in UTF-16 units. */
export const BATCH_LENGTH = 16384;
