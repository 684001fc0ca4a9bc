import type { ChannelReceiver } from '../../transport/channel/channel.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import type { FlowControl } from './flow-control.js';

/** Who takes in what a channel delivers. */
export interface ReceiverHost {
  readonly flow: FlowControl;
  receive(text: string, prefix?: Fragment): void;
}

/** A connection as its channel sees it: what only the channel may call is in no connection's own methods. */
export class Receiver implements ChannelReceiver {
  readonly #connection: ReceiverHost;
  readonly #ended: (code: number, reason: string) => void;

  constructor(connection: ReceiverHost, ended: (code: number, reason: string) => void) {
    this.#connection = connection;
    this.#ended = ended;
  }

  message(text: string, prefix?: Fragment): void {
    this.#connection.receive(text, prefix);
  }

  drain(): void {
    this.#connection.flow.update();
  }

  close(code: number, reason: string): void {
    this.#ended(code, reason);
  }
}
