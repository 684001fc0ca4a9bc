import { ClientChannel, type Goodbye } from '../sockjs/client-channel.js';
import { type Message, messageText } from '../channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import { exceedsBytes } from '../../util/utf8.js';
import { Chunks } from './chunks.js';

/*
 * Browsers carry 256 KiB in one message of a data channel, some of them less, and what goes through Kontrol is escaped on
 * its way, which can make it longer than a message may be. So each piece begins with a letter:
 *
 *     +text              more of this message follows
 *     .text              the rest of a message, or all of it
 *     ![3000,"Go away!"] the session has ended
 */
const PIECE = 16 * 1024;
const MORE = '+';
const LAST = '.';
const GOODBYE = '!';

/** A session between two pages, whose messages travel in pieces. */
export abstract class ChunkedChannel extends ClientChannel {
  readonly #waiting = new Chunks();
  #scheduled = false;
  #received = '';
  #heldLength = 0;

  /** Hands over what waits, as far as it is taken now. */
  protected abstract speak(): void;

  /** What waits here, in UTF-16 units. */
  protected get waitingLength(): number {
    return this.#waiting.length;
  }

  /** The next piece to hand over, if one waits. */
  protected take(): string | undefined {
    return this.#waiting.take();
  }

  /** In a turn of its own, so that what is said in one turn goes together. */
  protected schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      if (!this.finished) this.speak();
    });
  }

  /** A piece has come. */
  protected hear(piece: unknown): void {
    if (this.finished) return;
    if (typeof piece !== 'string') this.close(1003, 'Only text messages are understood here');
    else if (piece[0] === GOODBYE) this.end(...parseGoodbye(piece.slice(1)));
    else if (piece[0] === MORE || piece[0] === LAST) this.#join(piece.slice(1), piece[0] === LAST);
    else this.close(1002, 'Not a message of a kite');
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    let at = 0;
    while (text.length - at > PIECE) {
      // The first half of a character does not travel without the second.
      const end = at + PIECE - (isFirstHalf(text.charCodeAt(at + PIECE - 1)) ? 1 : 0);
      this.#waiting.add(MORE + text.slice(at, end));
      at = end;
    }
    this.#waiting.add(LAST + text.slice(at));
    this.schedule();
    return true;
  }

  protected override discard(): void {
    this.#waiting.clear();
  }

  protected leave({ code, reason }: Goodbye): void {
    this.#waiting.add(GOODBYE + JSON.stringify([code, reason]));
    this.schedule();
  }

  protected stopReading(): void {
    // What comes nevertheless is counted.
  }

  protected startReading(): void {
    this.#heldLength = 0;
  }

  #join(text: string, whole: boolean): void {
    const joined = this.#received + text;
    const { messageBytes, sendQueueBytes } = this.limits;
    this.#received = whole ? '' : joined;
    // Counting bytes takes a pass over all of it, which each piece is not worth.
    if (joined.length > messageBytes || (whole && exceedsBytes(joined, messageBytes))) {
      this.#received = '';
      this.refuseLength();
    } else if (whole) {
      if (this.held) this.#heldLength += joined.length;
      if (this.#heldLength > sendQueueBytes) this.close(1008, 'More has come than can be kept here');
      else this.deliver(joined);
    }
  }
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function parseGoodbye(json: string): readonly [number, string] {
  try {
    const [code, reason] = JSON.parse(json) as unknown[];
    if (Number.isInteger(code) && typeof reason === 'string') return [code as number, reason];
  } catch {
    // Below.
  }
  return [1002, 'Not a goodbye of a kite'];
}
