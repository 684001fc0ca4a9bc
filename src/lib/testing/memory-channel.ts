import type { Channel, ChannelReceiver } from '../transport/channel/channel.js';
import { type Message, messageText } from '../transport/channel/outgoing-message.js';
import { GO_AWAY_CODE, GO_AWAY_REASON } from '../transport/channel/close-code.js';

/** One end of an in-memory connection. Messages arrive at the other end in a later microtask, in order. */
export class MemoryChannel implements Channel {
  readonly remoteAddress = 'memory';
  /** The messages that this end has sent. */
  readonly sent: string[] = [];
  bufferedBytes = 0;
  paused = false;
  closedWith: { code: number; reason: string } | undefined;
  #receiver: ChannelReceiver | undefined;
  #inbox: string[] = [];
  #other: MemoryChannel | undefined;

  /** Creates the two ends of a connection. */
  static pair(): [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(), new MemoryChannel()];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  start(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    for (const text of this.#inbox.splice(0)) receiver.message(text);
  }

  send(message: Message): void {
    if (this.closedWith) return;
    const text = messageText(message);
    this.sent.push(text);
    queueMicrotask(() => this.#other?.deliver(text));
  }

  /** Delivers a message as if the peer had sent it. */
  deliver(text: string): void {
    if (this.closedWith) return;
    if (this.#receiver) this.#receiver.message(text);
    else this.#inbox.push(text);
  }

  /** Simulates that the network has accepted the queued data. */
  drained(): void {
    this.bufferedBytes = 0;
    this.#receiver?.drain();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    queueMicrotask(() => {
      this.ended(code, reason);
      this.#other?.ended(code, reason);
    });
  }

  /** Simulates the end of the connection. */
  ended(code: number, reason: string): void {
    if (this.closedWith) return;
    this.closedWith = { code, reason };
    this.#receiver?.close(code, reason);
  }
}
