import type { CloseStatus } from '../channel/close-code.js';
import { ClientChannel } from '../sockjs/client-channel.js';
import { type Message, messageText } from '../channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import { exceedsBytes } from '../../util/utf8.js';
import { ChunkQueue } from './chunk-queue.js';

/*
 * Browsers carry at most 256 KiB in one message of a data channel, some of them less, and Kontrol escapes what it forwards. So
 * messages are divided into chunks, which begin with a character:
 *
 *     +text              a chunk of a message, which continues
 *     .text              the last chunk of a message
 *     ![3000,"Go away!"] the session has ended
 */
const CHUNK_LENGTH = 16 * 1024;
const MORE = '+';
const LAST = '.';
const CLOSE = '!';

/** A session between two pages that divides messages into chunks. */
export abstract class ChunkedChannel extends ClientChannel {
  readonly #queue = new ChunkQueue();
  #scheduled = false;
  #received = '';
  #suspendedLength = 0;

  /** Sends the queued chunks that the transport accepts now. */
  protected abstract sendPending(): void;

  /** Length of the queued chunks, in UTF-16 units. */
  protected get pendingLength(): number {
    return this.#queue.length;
  }

  /** Removes and returns the next chunk. Returns undefined if the queue is empty. */
  protected takeChunk(): string | undefined {
    return this.#queue.take();
  }

  /** Calls `sendPending` in a later turn, so that the messages of one turn are sent together. */
  protected schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      if (!this.finished) this.sendPending();
    });
  }

  /** Handles a received chunk. */
  protected receiveChunk(chunk: unknown): void {
    if (this.finished) return;
    if (typeof chunk !== 'string') this.close(1003, 'Only text messages are supported');
    else if (chunk[0] === CLOSE) this.end(...parseClose(chunk.slice(1)));
    else if (chunk[0] === MORE || chunk[0] === LAST) this.#join(chunk.slice(1), chunk[0] === LAST);
    else this.close(1002, 'Invalid message');
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    let at = 0;
    while (text.length - at > CHUNK_LENGTH) {
      // Does not separate a surrogate pair.
      const end = at + CHUNK_LENGTH - (isHighSurrogate(text.charCodeAt(at + CHUNK_LENGTH - 1)) ? 1 : 0);
      this.#queue.add(MORE + text.slice(at, end));
      at = end;
    }
    this.#queue.add(LAST + text.slice(at));
    this.schedule();
    return true;
  }

  protected override discardQueue(): void {
    this.#queue.clear();
  }

  protected sendClose({ code, reason }: CloseStatus): void {
    this.#queue.add(CLOSE + JSON.stringify([code, reason]));
    this.schedule();
  }

  protected stopReading(): void {
    // Messages that still arrive are counted.
  }

  protected startReading(): void {
    this.#suspendedLength = 0;
  }

  #join(text: string, last: boolean): void {
    const joined = this.#received + text;
    const { messageBytes, sendQueueBytes } = this.limits;
    this.#received = last ? '' : joined;
    // Counting bytes takes a pass over the whole text, so only complete messages are counted.
    if (joined.length > messageBytes || (last && exceedsBytes(joined, messageBytes))) {
      this.#received = '';
      this.closeTooLong();
    } else if (last) {
      if (this.suspended) this.#suspendedLength += joined.length;
      if (this.#suspendedLength > sendQueueBytes) this.close(1008, 'Too many messages while paused');
      else this.deliver(joined);
    }
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function parseClose(json: string): readonly [number, string] {
  try {
    const [code, reason] = JSON.parse(json) as unknown[];
    if (Number.isInteger(code) && typeof reason === 'string') return [code as number, reason];
  } catch {
    // Returns the default below.
  }
  return [1002, 'Invalid close message'];
}
