import type { Channel, ChannelReceiver } from './channel.js';
import type { Fragment, Message } from './outgoing-message.js';
import type { ChannelLimits } from '../limits/transport-limits.js';
import { nextTick } from '../../util/next-tick.js';

/**
 * What every channel of this room shares: nothing is delivered before `start`, nor while paused; `close` is delivered
 * once; and what the transport hands over meanwhile waits in an inbox. The inbox is bounded by the transport, which is
 * told to stop reading: it holds at most what was on its way already. What is sent and not taken by the network is bounded,
 * and the receiver is told when it may go on.
 */
export abstract class BaseChannel implements Channel {
  protected readonly limits: ChannelLimits;
  #receiver: ChannelReceiver | undefined;
  #inbox: string[] | undefined;
  #inboxAt = 0;
  #paused = false;
  #reading = true;
  #releasing = false;
  #muted = false;
  #finished = false;
  #congested = false;
  #end: { readonly code: number; readonly reason: string } | undefined;

  constructor(limits: ChannelLimits) {
    this.limits = limits;
  }

  abstract readonly remoteAddress: string;
  abstract readonly bufferedBytes: number;
  abstract send(message: Message): void;
  abstract close(code?: number, reason?: string): void;

  /** Tells the transport to take no more from the network. */
  protected abstract stopReading(): void;
  /** Tells the transport to go on. The inbox is empty by now. */
  protected abstract startReading(): void;

  start(receiver: ChannelReceiver): void {
    if (this.#receiver)
      throw new Error('A channel can be started once only: this one has a receiver already');
    this.#receiver = receiver;
    this.#scheduleRelease();
  }

  pause(): void {
    if (this.#paused || this.#finished) return;
    this.#paused = true;
    this.#stopReading();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#scheduleRelease();
  }

  /** Whether the transport should leave what comes in where it is. */
  protected get held(): boolean {
    return this.#paused || this.#inbox !== undefined || this.#receiver === undefined;
  }

  protected get paused(): boolean {
    return this.#paused;
  }

  protected get finished(): boolean {
    return this.#finished;
  }

  /** A message has come. */
  protected deliver(text: string, prefix?: Fragment): void {
    if (this.#receiver !== undefined && !this.#paused && this.#inbox === undefined) {
      if (!this.#muted) this.#receiver.message(text, prefix);
    } else {
      this.#keep(prefix ? prefix.text + text : text);
    }
  }

  /** Rewrites what has come and was not delivered yet. */
  protected rewriteKept(rewrite: (text: string) => string): void {
    this.#inbox = this.#inbox?.map(rewrite);
  }

  /** This side has said goodbye: what still comes in has no reader. */
  protected mute(): void {
    this.#muted = true;
    this.#inbox = undefined;
  }

  /** The connection has ended. Only the first call counts. */
  protected finish(code: number, reason: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#muted = true;
    this.#end = { code, reason };
    if (this.#receiver) this.#deliverEnd(this.#receiver);
  }

  #keep(text: string): void {
    if (this.#muted) return;
    if (this.#inbox === undefined) {
      this.#inbox = [];
      this.#stopReading();
    }
    this.#inbox.push(text);
  }

  // In a tick of its own, so that nothing is delivered inside `start` or `resume`.
  #scheduleRelease(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    nextTick(() => this.#release());
  }

  #release(): void {
    this.#releasing = false;
    const receiver = this.#receiver;
    if (!receiver) return;
    if (this.#end) {
      this.#deliverEnd(receiver);
      return;
    }
    this.#emptyInbox(receiver);
    if (this.#paused || this.#finished || this.#reading) return;
    this.#reading = true;
    this.startReading();
  }

  #stopReading(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.stopReading();
  }

  #emptyInbox(receiver: ChannelReceiver, evenPaused = false): void {
    for (;;) {
      if (this.#inbox === undefined || (this.#paused && !evenPaused)) return;
      const text = this.#inbox[this.#inboxAt++];
      if (text === undefined) {
        this.#inbox = undefined;
        this.#inboxAt = 0;
      } else {
        receiver.message(text);
      }
    }
  }

  // A peer that is gone cannot be answered, so that a paused receiver learns of it at once and not of what came before.
  #deliverEnd(receiver: ChannelReceiver): void {
    const end = this.#end;
    if (!end) return;
    if (receiver.wantsRest === true || !this.#paused) this.#emptyInbox(receiver, true);
    this.#end = undefined;
    this.#inbox = undefined;
    receiver.close(end.code, end.reason);
  }

  /** Whether more waits than should, so that the receiver has to be told once it is taken. */
  protected get congested(): boolean {
    return this.#congested;
  }

  /** To be called after something was queued. A channel with too much in its queue closes. */
  protected queued(): void {
    const buffered = this.bufferedBytes;
    const { pauseBytes, sendQueueBytes } = this.limits;
    if (buffered <= pauseBytes) return;
    this.#congested = true;
    if (buffered <= sendQueueBytes) return;
    const reason = `The peer reads too slowly: more than ${sendQueueBytes} bytes wait for it`;
    this.discard();
    this.close(1008, reason);
    // What is queued may never be taken, so that the receiver does not wait for the goodbye to get through.
    nextTick(() => this.end(1008, reason));
  }

  /** To be called after the network has taken something. */
  protected taken(): void {
    if (!this.#congested || this.bufferedBytes > this.limits.pauseBytes) return;
    this.#congested = false;
    if (!this.#finished) this.#receiver?.drain();
  }

  /** Forgets what waits, where that is possible. */
  protected discard(): void {
    // What a socket has taken over cannot be taken back.
  }

  /** The session is over, whatever the peer still takes. */
  protected end(code: number, reason: string): void {
    this.finish(code, reason);
  }
}
