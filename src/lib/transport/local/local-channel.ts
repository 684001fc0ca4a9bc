import { BaseChannel } from '../channel/base-channel.js';
import { GO_AWAY_CODE, GO_AWAY_REASON } from '../channel/close-code.js';
import type { IncomingMessage } from '../channel/deliver-message.js';
import { BytesMessage, type Message, messageLength, messageText } from '../channel/outgoing-message.js';
import type { ChannelLimits } from '../limits/transport-limits.js';
import { nextTurn } from '../../util/next-turn.js';

/** Memory that a queued message takes in addition to its text, in bytes. */
const MESSAGE_OVERHEAD = 64;

/**
 * One end of a connection within the process. Messages arrive in a later turn of the event loop, in order, as text and copies of
 * bytes. An end that does not read makes the messages of the other wait, as on a network.
 */
export class LocalChannel extends BaseChannel {
  readonly remoteAddress = 'local';
  readonly sendsBytes = true;
  #other: LocalChannel = this;
  #queue: { readonly message: IncomingMessage; readonly size: number }[] = [];
  #bufferedBytes = 0;
  #reads = true;
  #isFlushing = false;
  #closing: { readonly code: number; readonly reason: string } | undefined;

  /** Returns the two ends of a connection. */
  static pair(limits: ChannelLimits): [LocalChannel, LocalChannel] {
    const [one, other] = [new LocalChannel(limits), new LocalChannel(limits)];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  send(message: Message): void {
    if (this.#closing || this.finished) return;
    const size = messageLength(message) + MESSAGE_OVERHEAD;
    this.#queue.push({
      message: message instanceof BytesMessage ? message.copy() : messageText(message),
      size,
    });
    this.#bufferedBytes += size;
    this.#schedule();
    this.checkQueue();
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    if (this.#closing || this.finished) return;
    this.#closing = { code, reason };
    this.ignoreIncoming();
    this.#schedule();
  }

  protected stopReading(): void {
    this.#reads = false;
  }

  protected startReading(): void {
    this.#reads = true;
    this.#other.#schedule();
  }

  protected override discardQueue(): void {
    this.#queue = [];
    this.#bufferedBytes = 0;
  }

  /** Ends both ends without waiting for what is queued. */
  protected override end(code: number, reason: string): void {
    this.discardQueue();
    this.finish(code, reason);
    this.#other.finish(code, reason);
  }

  #schedule(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    void nextTurn().then(() => this.#flush());
  }

  /** Delivers what is queued while the other end reads; a closing end does not wait for it. */
  #flush(): void {
    this.#isFlushing = false;
    const other = this.#other;
    const queue = this.#queue;
    // What is sent during the delivery waits for the next turn.
    const { length } = queue;
    let count = 0;
    while (count < length && (other.#reads || this.#closing) && !this.finished) {
      const next = queue[count++];
      if (!next) break;
      this.#bufferedBytes -= next.size;
      if (next.message instanceof BytesMessage) other.deliverBytes(next.message);
      else other.deliver(next.message);
    }
    if (this.#queue === queue) this.#queue = queue.slice(count);
    this.checkDrain();
    if (this.#queue.length > 0 && (other.#reads || this.#closing)) this.#schedule();
    if (this.#closing && this.#queue.length === 0) this.end(this.#closing.code, this.#closing.reason);
  }
}
