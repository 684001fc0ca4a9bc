import type { Channel, ChannelReceiver } from './channel.js';
import { deliverMessage, type IncomingMessage } from './deliver-message.js';
import type { BytesMessage, Fragment, Message } from './outgoing-message.js';
import type { ChannelLimits } from '../limits/transport-limits.js';
import { nextTick } from '../../util/next-tick.js';

/**
 * The base class of channels. It delivers nothing before `start` or while paused, and delivers `close` once. Messages that
 * arrive in the meantime wait in an inbox. The inbox is bounded because the transport stops reading: it contains at most the
 * data that had already been received. The send queue is bounded, and the receiver is notified when it has drained.
 */
export abstract class BaseChannel implements Channel {
  protected readonly limits: ChannelLimits;
  #receiver: ChannelReceiver | undefined;
  #inbox: IncomingMessage[] | undefined;
  #inboxAt = 0;
  #paused = false;
  #reading = true;
  #deliveryScheduled = false;
  #ignoresIncoming = false;
  #finished = false;
  #congested = false;
  #pendingClose: { readonly code: number; readonly reason: string } | undefined;

  constructor(limits: ChannelLimits) {
    this.limits = limits;
  }

  abstract readonly remoteAddress: string;
  abstract readonly bufferedBytes: number;
  abstract send(message: Message): void;
  abstract close(code?: number, reason?: string): void;

  /** Stops reading from the network. */
  protected abstract stopReading(): void;
  /** Resumes reading from the network. Called with an empty inbox. */
  protected abstract startReading(): void;

  start(receiver: ChannelReceiver): void {
    if (this.#receiver) throw new Error('The channel has started');
    this.#receiver = receiver;
    this.#scheduleDelivery();
  }

  pause(): void {
    if (this.#paused || this.#finished) return;
    this.#paused = true;
    this.#stopReading();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#scheduleDelivery();
  }

  /** Whether messages are not delivered now, so that the transport should not read more. */
  protected get suspended(): boolean {
    return this.#paused || this.#inbox !== undefined || this.#receiver === undefined;
  }

  protected get finished(): boolean {
    return this.#finished;
  }

  /** Delivers a received message, or adds it to the inbox. */
  protected deliver(text: string, prefix?: Fragment): void {
    if (this.#receiver !== undefined && !this.#paused && this.#inbox === undefined) {
      if (!this.#ignoresIncoming) this.#receiver.message(text, prefix);
    } else {
      this.#addToInbox(prefix ? prefix.text + text : text);
    }
  }

  /** Delivers a received message with bytes, or adds it to the inbox. */
  protected deliverBytes(message: BytesMessage): void {
    if (this.#receiver === undefined || this.#paused || this.#inbox !== undefined) this.#addToInbox(message);
    else if (!this.#ignoresIncoming) deliverMessage(this.#receiver, message);
  }

  /** Rewrites the text messages in the inbox. */
  protected rewriteInbox(rewrite: (text: string) => string): void {
    this.#inbox = this.#inbox?.map((message) => (typeof message === 'string' ? rewrite(message) : message));
  }

  /** Discards incoming messages from now on, because this side has closed the channel. */
  protected ignoreIncoming(): void {
    this.#ignoresIncoming = true;
    this.#inbox = undefined;
  }

  /** Reports the end of the connection to the receiver. Only the first call has an effect. */
  protected finish(code: number, reason: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#ignoresIncoming = true;
    this.#pendingClose = { code, reason };
    if (this.#receiver) this.#deliverClose(this.#receiver);
  }

  #addToInbox(message: IncomingMessage): void {
    if (this.#ignoresIncoming) return;
    if (this.#inbox === undefined) {
      this.#inbox = [];
      this.#stopReading();
    }
    this.#inbox.push(message);
  }

  // In a later tick, so that nothing is delivered during `start` or `resume`.
  #scheduleDelivery(): void {
    if (this.#deliveryScheduled) return;
    this.#deliveryScheduled = true;
    nextTick(() => this.#deliverPending());
  }

  #deliverPending(): void {
    this.#deliveryScheduled = false;
    const receiver = this.#receiver;
    if (!receiver) return;
    if (this.#pendingClose) {
      this.#deliverClose(receiver);
      return;
    }
    this.#drainInbox(receiver);
    if (this.#paused || this.#finished || this.#reading) return;
    this.#reading = true;
    this.startReading();
  }

  #stopReading(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.stopReading();
  }

  #drainInbox(receiver: ChannelReceiver, ignorePause = false): void {
    for (;;) {
      if (this.#inbox === undefined || (this.#paused && !ignorePause)) return;
      const message = this.#inbox[this.#inboxAt++];
      if (message === undefined) {
        this.#inbox = undefined;
        this.#inboxAt = 0;
      } else {
        deliverMessage(receiver, message);
      }
    }
  }

  // A paused receiver is notified at once, without the messages in the inbox: the peer can no longer receive a response.
  #deliverClose(receiver: ChannelReceiver): void {
    const status = this.#pendingClose;
    if (!status) return;
    if (receiver.deliverBeforeClose === true || !this.#paused) this.#drainInbox(receiver, true);
    this.#pendingClose = undefined;
    this.#inbox = undefined;
    receiver.close(status.code, status.reason);
  }

  /** Whether the send queue has exceeded `pauseBytes`, so that the receiver must be notified when it drains. */
  protected get congested(): boolean {
    return this.#congested;
  }

  /** Must be called after each message that is queued. Closes the channel if the queue exceeds its limit. */
  protected checkQueue(): void {
    const buffered = this.bufferedBytes;
    const { pauseBytes, sendQueueBytes } = this.limits;
    if (buffered <= pauseBytes) return;
    this.#congested = true;
    if (buffered <= sendQueueBytes) return;
    const reason = `The peer reads too slowly: more than ${sendQueueBytes} bytes are queued`;
    this.discardQueue();
    this.close(1008, reason);
    // The receiver does not wait for the close frame: the peer may never read it.
    nextTick(() => this.end(1008, reason));
  }

  /** Must be called after the network has accepted data. Notifies the receiver if the queue has drained. */
  protected checkDrain(): void {
    if (!this.#congested || this.bufferedBytes > this.limits.pauseBytes) return;
    this.#congested = false;
    if (!this.#finished) this.#receiver?.drain();
  }

  /** Discards the send queue, if the transport can. */
  protected discardQueue(): void {
    // Data that was written to a socket cannot be discarded.
  }

  /** Ends the session without waiting for the peer. */
  protected end(code: number, reason: string): void {
    this.finish(code, reason);
  }
}
