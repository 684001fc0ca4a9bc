import type { Channel, ChannelReceiver } from './channel.js';
import { deliverMessage } from './deliver-message.js';
import type { Fragment, Message } from './outgoing-message.js';

/** A channel that is another one, except for what a subclass changes. */
export abstract class ForwardingChannel implements Channel {
  protected readonly channel: Channel;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  get remoteAddress(): string {
    return this.channel.remoteAddress;
  }

  get bufferedBytes(): number {
    return this.channel.bufferedBytes;
  }

  get sendsBytes(): boolean {
    return this.channel.sendsBytes === true;
  }

  start(receiver: ChannelReceiver): void {
    this.channel.start({
      ...(receiver.deliverBeforeClose === true && { deliverBeforeClose: true }),
      message: (text, prefix) => {
        receiver.message(text, prefix);
        this.received();
      },
      bytes: (message) => {
        deliverMessage(receiver, message);
        this.received();
      },
      drain: () => receiver.drain(),
      close: (code, reason) => {
        this.ended();
        receiver.close(code, reason);
      },
    });
  }

  send(message: Message): void {
    this.channel.send(message);
  }

  expect(prefix: Fragment): void {
    this.channel.expect?.(prefix);
  }

  authenticated(): void {
    this.channel.authenticated?.();
  }

  pause(): void {
    this.channel.pause();
  }

  resume(): void {
    this.channel.resume();
  }

  close(code?: number, reason?: string): void {
    this.channel.close(code, reason);
  }

  /** Called when the receiver has handled a message. */
  protected received(): void {}

  /** Called when the connection has ended, before the receiver learns of it. */
  protected ended(): void {}
}
