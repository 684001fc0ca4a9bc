import type { BytesMessage, Fragment, Message } from './outgoing-message.js';

/**
 * An open connection that carries whole messages in order, in both directions. SockJS sessions, raw WebSockets, XHR clients
 * and the in-memory pair of the test kit are channels. The layers above do not depend on the kind of channel.
 *
 * Lifecycle: call `start` once; the receiver then gets `message` any number of times, and `close` exactly once, whichever
 * side ended the connection. Nothing is delivered before `start`.
 */
export interface Channel {
  /** The address of the peer, such as `127.0.0.1:50412`. For logs and address checks. */
  readonly remoteAddress: string;
  /** Memory that messages take which were passed to `send` and which the network has not accepted yet, in bytes. */
  readonly bufferedBytes: number;
  /** Whether bytes in messages are sent as they are. Default: they are sent as base64, which makes them a third longer. */
  readonly sendsBytes?: boolean;
  /** Sets the receiver of incoming messages and starts to deliver to it. Throws if called twice. */
  start(receiver: ChannelReceiver): void;
  /**
   * Queues a message. Messages of one turn of the event loop may share a frame. Ignored after the channel has closed. The
   * channel closes with 1008 if the queue exceeds `sendQueueBytes`.
   */
  send(message: Message): void;
  /**
   * Hints that many incoming messages will begin with this text. The channel may then pass the prefix and the rest of such a
   * message to the receiver separately. Only the most recent hints are used.
   */
  expect?(prefix: Fragment): void;
  /** Must be called when the peer has authenticated. Its input does not count towards `unauthenticatedBytes` any more. */
  authenticated?(): void;
  /** Stops reading from the peer. A paused channel still sends, and still detects that the connection has ended. */
  pause(): void;
  /** Resumes reading from the peer. */
  resume(): void;
  /**
   * Ends the connection after the queued messages have been sent. If the peer does not respond, the connection is dropped
   * after a few seconds. Codes and reasons are those of WebSocket (RFC 6455, section 7.4). Default: 3000 "Go away!", as in
   * SockJS.
   */
  close(code?: number, reason?: string): void;
}

export interface ChannelReceiver {
  /**
   * Whether messages that have already arrived are delivered before `close` even if the channel is paused. Set it to forward
   * messages. Default: false, because nobody can receive a response any more.
   */
  readonly deliverBeforeClose?: boolean;
  /** Receives a whole message, or the rest of it after `prefix`, one of the expected prefixes. Must not throw. */
  message(text: string, prefix?: Fragment): void;
  /** Receives a message with bytes. Default: `message` receives it, with base64. Must not throw. */
  bytes?(message: BytesMessage): void;
  /** Called when the send queue exceeded `pauseBytes` and has drained below it. */
  drain(): void;
  /** Called when the connection has ended, as the last call. The code is 1006 if it dropped without a close frame. */
  close(code: number, reason: string): void;
}
