import type { Clock, Timer } from '../../util/clock.js';
import type { Limits } from '../../util/limits.js';
import { type Message, messageText } from '../../util/message.js';
import { nextTick } from '../../util/next-tick.js';
import { exceedsBytes } from '../../util/utf8.js';
import { BaseChannel } from '../base-channel.js';
import type { ChannelOwner } from '../channel-owner.js';
import {
  CLOSE_GRACE,
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  sendableCode,
  sendableReason,
} from '../close-code.js';
import { tooLong } from '../frames.js';
import type { PageSocket } from './platform.js';

export interface PageChannelOptions {
  readonly socket: PageSocket;
  readonly remoteAddress: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly owner: ChannelOwner;
}

/** Milliseconds after which a full socket is looked at again: a page is not told when it has emptied. */
const DRAIN_CHECK = 50;

/**
 * A channel over a WebSocket of the browser, which is open: each message is a WebSocket message of its own. A page can
 * neither stop reading, which only accepted connections ask for, nor ping the server.
 */
export class RawPageChannel extends BaseChannel {
  readonly remoteAddress: string;
  protected readonly limits: Limits;
  readonly #socket: PageSocket;
  readonly #clock: Clock;
  readonly #owner: ChannelOwner;
  #closing = false;
  #drain: Timer | undefined;
  #grace: Timer | undefined;
  // How the connection ends when this side, or a close frame of SockJS, has said so before WebSocket does.
  #verdict: { readonly code: number; readonly reason: string } | undefined;

  constructor({ socket, remoteAddress, limits, clock, owner }: PageChannelOptions) {
    super();
    this.remoteAddress = remoteAddress;
    this.limits = limits;
    this.#socket = socket;
    this.#clock = clock;
    this.#owner = owner;
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('close', ({ code, reason }) => this.#ended(code, reason));
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#socket.bufferedAmount;
  }

  /** What waits for the end of the tick, in UTF-16 units. */
  protected get pendingLength(): number {
    return 0;
  }

  send(message: Message): void {
    if (this.#closing) return;
    if (!this.enqueue(message)) {
      this.#refuseLength();
    } else if (this.bufferedBytes > this.limits.sendQueueBytes) {
      const reason = `The peer reads too slowly: more than ${this.limits.sendQueueBytes} bytes wait for it`;
      this.close(1008, reason);
      nextTick(() => this.#ended(1008, reason));
    } else if (this.bufferedBytes > this.limits.pauseBytes) {
      this.#awaitDrain();
    }
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    if (this.#closing) return;
    const verdict = { code: sendableCode(code), reason: sendableReason(reason) };
    this.flush();
    this.#leave(verdict, verdict.code < GO_AWAY_CODE ? GO_AWAY_CODE : verdict.code);
    this.mute();
  }

  /** Adds a message to what waits, unless it is longer than the limit: then the answer is false. */
  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    this.transmit(text);
    return true;
  }

  /** Hands what waits to the socket. */
  protected flush(): void {
    // Nothing waits here.
  }

  protected receive(text: string): void {
    if (exceedsBytes(text, this.limits.messageBytes)) this.#refuseLength();
    else this.deliver(text);
  }

  protected transmit(text: string): void {
    this.#socket.send(text);
  }

  /** The peer has said, in the framing's own way, that it is leaving. */
  protected peerCloses(code: number, reason: string): void {
    this.#leave({ code, reason }, 1000);
  }

  protected stopReading(): void {
    // Said above.
  }

  protected startReading(): void {
    // Said above.
  }

  // A page may send code 1000, and those from 3000 on.
  #leave(verdict: { readonly code: number; readonly reason: string }, code: number): void {
    this.#verdict ??= verdict;
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.close(code, sendableReason(verdict.reason));
    this.#grace = this.#clock.setTimeout(() => this.#ended(DROPPED_CODE, ''), CLOSE_GRACE);
  }

  /** Gives up on a server that is silent. */
  protected drop(): void {
    this.#leave({ code: DROPPED_CODE, reason: 'The server is silent' }, GO_AWAY_CODE);
    this.#ended(DROPPED_CODE, '');
  }

  #message(data: unknown): void {
    if (this.#closing) return;
    if (typeof data !== 'string') this.close(1003, 'Only text messages are understood here');
    else this.receive(data);
  }

  #refuseLength(): void {
    const { code, reason } = tooLong(this.limits.messageBytes);
    this.close(code, reason);
  }

  #awaitDrain(): void {
    this.#drain ??= this.#clock.setTimeout(() => {
      this.#drain = undefined;
      if (this.bufferedBytes > this.limits.pauseBytes) this.#awaitDrain();
      else this.deliverDrain();
    }, DRAIN_CHECK);
  }

  #ended(code: number, reason: string): void {
    if (this.finished) return;
    this.#closing = true;
    this.#grace?.cancel();
    this.#drain?.cancel();
    this.#owner.left(this);
    this.finish(this.#verdict?.code ?? code, this.#verdict?.reason ?? reason);
  }
}
