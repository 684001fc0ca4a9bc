import type { Channel, ChannelReceiver } from '../channel/channel.js';
import type { BudgetShare, BudgetUser, MemoryBudget } from '../channel/memory-budget.js';
import type { ChannelLimits, RelayLimits } from '../limits/transport-limits.js';
import type { IncomingMessage } from '../channel/deliver-message.js';
import { type BytesMessage, messageLength } from '../channel/outgoing-message.js';
import { validCloseCode } from '../channel/close-code.js';
import { FramedChannel } from '../websocket/framed-channel.js';
import { decodeClientFrame } from '../sockjs/frames.js';
import { decodeLines, LINES_START } from '../sockjs/lines.js';

export interface RelayOptions {
  readonly limits: Pick<ChannelLimits, 'pauseBytes'> & RelayLimits;
  /** The budget for messages of the first channel that wait for the second. Default: none. */
  readonly input?: MemoryBudget;
  /** Called for each forwarded message, with the number of bytes from the first channel to the second, and back. */
  readonly countBytes?: ((forth: number, back: number) => void) | undefined;
  /** Called once, when one channel has ended and the other has been closed. */
  readonly ended?: (() => void) | undefined;
  /** Called once, when both channels have ended. */
  readonly bothEnded?: (() => void) | undefined;
}

/**
 * Joins two channels. Forwards the messages of each to the other, whole and in order. When one ends, closes the other with the
 * same code and reason. Reads from each only as fast as the other accepts data. If both are SockJS over WebSocket, forwards
 * frames without decoding them.
 *
 * Lifecycle: the constructor starts the first channel, and `join` adds the second. `close` ends both.
 */
export class Relay implements BudgetUser {
  readonly #first: Side;
  readonly #options: RelayOptions;
  #second: Side | undefined;
  #ended = false;
  #waiting: BudgetShare | undefined;

  constructor(first: Channel, options: RelayOptions) {
    this.#options = options;
    const { countBytes } = options;
    this.#first = new Side(first, options.limits, countBytes && ((bytes) => countBytes(bytes, 0)));
    this.#first.onWaiting = (length) => this.#wait(length);
    this.#first.start((code, reason) => this.#sideEnded(code, reason));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds the second channel. Closes it if the first has already ended. */
  join(second: Channel): void {
    if (this.#ended) {
      second.close();
      return;
    }
    const { countBytes, limits } = this.#options;
    const side = new Side(second, limits, countBytes && ((bytes) => countBytes(0, bytes)));
    this.#second = side;
    side.start((code, reason) => this.#sideEnded(code, reason));
    side.connect(this.#first);
    this.#first.connect(side);
    this.#waiting?.close();
  }

  /** Closes both channels. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#first.end(code, reason);
    this.#second?.end(code, reason);
    this.#waiting?.close();
    this.#options.ended?.();
  }

  expel(reason: string): void {
    this.close(1008, reason);
  }

  measure(): void {
    // The share changes with each message that waits.
  }

  /** Counts the messages that wait. A string takes up to two bytes for each UTF-16 unit. */
  #wait(length: number): void {
    if (this.#ended) return;
    this.#waiting = this.#options.input?.charge(this, this.#waiting, 2 * length);
  }

  #sideEnded(code: number, reason: string): void {
    this.close(code, reason);
    if (this.#first.closed && this.#second?.closed !== false) this.#options.bothEnded?.();
  }
}

/** One side of a relay. */
class Side implements ChannelReceiver {
  readonly deliverBeforeClose = true;
  readonly #channel: Channel;
  /** The channel, if it can send and deliver encoded lists of messages. */
  readonly #framed: FramedChannel | undefined;
  readonly #limits: RelayOptions['limits'];
  readonly #count: ((bytes: number) => void) | undefined;
  #ended: ((code: number, reason: string) => void) | undefined;
  #other: Side | undefined;
  #buffered: IncomingMessage[] = [];
  #bufferedLength = 0;
  #ending = false;
  #closed = false;
  /** Called with the length of the messages that wait for the other side, when it has grown. */
  onWaiting: ((length: number) => void) | undefined;

  constructor(
    channel: Channel,
    limits: RelayOptions['limits'],
    count: ((bytes: number) => void) | undefined,
  ) {
    this.#channel = channel;
    this.#framed = channel instanceof FramedChannel ? channel : undefined;
    this.#limits = limits;
    this.#count = count;
  }

  start(ended: (code: number, reason: string) => void): void {
    this.#ended = ended;
    this.#framed?.deliverRawLists();
    this.#channel.start(this);
  }

  connect(other: Side): void {
    this.#other = other;
    for (const message of this.#buffered.splice(0)) this.#forward(other, message);
    if (!other.congested) this.#channel.resume();
  }

  /** Whether the channel has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  get congested(): boolean {
    return this.#channel.bufferedBytes > this.#limits.pauseBytes;
  }

  end(code: number, reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#buffered = [];
    // The code of a dropped connection cannot be sent.
    if (validCloseCode(code) === code) this.#channel.close(code, reason);
    else this.#channel.close();
  }

  message(text: string): void {
    this.#receive(text);
  }

  /** The other hop may not agree to binary messages: then its channel sends base64. */
  bytes(message: BytesMessage): void {
    this.#receive(message);
  }

  #receive(message: IncomingMessage): void {
    if (this.#other) {
      this.#forward(this.#other, message);
      if (this.#other.congested) this.#channel.pause();
      return;
    }
    this.#buffered.push(message);
    this.#bufferedLength += messageLength(message);
    if (this.#bufferedLength > this.#limits.tunnelBufferLength) this.#channel.pause();
    this.onWaiting?.(this.#bufferedLength);
  }

  drain(): void {
    this.#other?.resume();
  }

  close(code: number, reason: string): void {
    this.#ending = true;
    this.#closed = true;
    this.#ended?.(code, reason);
  }

  resume(): void {
    this.#channel.resume();
  }

  #forward(other: Side, message: IncomingMessage): void {
    this.#count?.(typeof message === 'string' ? Buffer.byteLength(message) : messageLength(message));
    if (this.#framed && typeof message === 'string') other.sendList(message);
    else other.#channel.send(message);
  }

  sendList(list: string): void {
    if (this.#framed) {
      this.#framed.sendRawList(list);
      return;
    }
    const decode = list.startsWith(LINES_START) ? decodeLines : decodeClientFrame;
    const frame = decode(list, Number.POSITIVE_INFINITY);
    if (frame.type === 'violation') this.#ended?.(frame.code, frame.reason);
    else for (const message of frame.messages) this.#channel.send(message);
  }
}
