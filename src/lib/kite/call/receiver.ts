import type { ChannelReceiver } from '../../transport/channel/channel.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import type { FlowControl } from './flow-control.js';

/** The connection that handles the messages of a channel. */
export interface ReceiverHost {
  receive(text: string, prefix?: Fragment): void;
  readonly flow: FlowControl;
  emit(event: 'drain'): void;
}

/** The interface of a connection to its channel, so that the methods for the channel are not public on the connection. */
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
    this.#connection.emit('drain');
  }

  close(code: number, reason: string): void {
    this.#ended(code, reason);
  }
}
