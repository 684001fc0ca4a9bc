import type { ChannelReceiver } from './channel.js';
import { type BytesMessage, messageText } from './outgoing-message.js';

/** A message of the peer. */
export type IncomingMessage = string | BytesMessage;

/** Passes a message to a receiver in the form that it supports. */
export function deliverMessage(receiver: ChannelReceiver, message: IncomingMessage): void {
  if (typeof message === 'string') receiver.message(message);
  else if (receiver.bytes) receiver.bytes(message);
  else receiver.message(messageText(message));
}
