import type { Channel, ChannelReceiver } from '../transport/channel/channel.js';
import { type Message, messageText } from '../transport/channel/outgoing-message.js';

/** One end of a connection in memory. What is sent arrives at the other end in a later microtask, in order. */
export class MemoryChannel implements Channel {
  readonly remoteAddress = 'memory';
  /** What this end has sent, as text. */
  readonly sent: string[] = [];
  bufferedBytes = 0;
  paused = false;
  closedWith: { code: number; reason: string } | undefined;
  #receiver: ChannelReceiver | undefined;
  #early: string[] = [];
  #other: MemoryChannel | undefined;

  static pair(): [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(), new MemoryChannel()];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  start(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
    for (const text of this.#early.splice(0)) receiver.message(text);
  }

  send(message: Message): void {
    if (this.closedWith) return;
    const text = messageText(message);
    this.sent.push(text);
    queueMicrotask(() => this.#other?.deliver(text));
  }

  /** As if the peer had sent `text`. */
  deliver(text: string): void {
    if (this.closedWith) return;
    if (this.#receiver) this.#receiver.message(text);
    else this.#early.push(text);
  }

  /** The network has taken what was queued. */
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

  close(code = 3000, reason = 'Go away!'): void {
    queueMicrotask(() => {
      this.ended(code, reason);
      this.#other?.ended(code, reason);
    });
  }

  /** As if the connection had ended. */
  ended(code: number, reason: string): void {
    if (this.closedWith) return;
    this.closedWith = { code, reason };
    this.#receiver?.close(code, reason);
  }
}
