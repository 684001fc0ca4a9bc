import type { Fragment, Message } from './outgoing-message.js';

/**
 * One connection, already open, that carries whole messages in order both ways. SockJS sessions, raw WebSockets, XHR
 * clients and the in-memory pair of the test kit are channels; what runs on top of one knows none of them.
 *
 * Lifecycle: made by whoever opened the connection, then `start` once, then `message` any number of times, then `close`
 * exactly once, whoever ended it and also when `close()` was called here. Nothing is delivered before `start`.
 */
export interface Channel {
  /** Where the peer is, for logs and for checks of its address, such as `127.0.0.1:50412`. */
  readonly remoteAddress: string;
  /** Bytes accepted by `send` that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Names the receiver of what comes in and begins to deliver to it. */
  start(receiver: ChannelReceiver): void;
  /**
   * Queues a message. Messages of one turn of the event loop may share a frame. Ignored once closed. A queue that grows
   * past `sendQueueBytes` closes the channel with 1008.
   */
  send(message: Message): void;
  /**
   * A hint that many messages will begin with this text. The channel may then leave it away and name it, as `message` of
   * the receiver says. The last few hints count.
   */
  expect?(prefix: Fragment): void;
  /** Stops and resumes reading from the peer. A paused channel still sends, and still notices that the peer is gone. */
  pause(): void;
  resume(): void;
  /**
   * Ends the connection after what is queued has been sent. A peer that does not answer is dropped after a few seconds.
   * Codes and reasons are those of WebSocket (RFC 6455, section 7.4); default 3000 "Go away!", as SockJS has it.
   */
  close(code?: number, reason?: string): void;
}

export interface ChannelReceiver {
  /**
   * Whether what has come in is delivered before the end even while the channel is paused: for who passes it on. Default
   * false: who answers has nobody left to answer.
   */
  readonly wantsRest?: boolean;
  /** One whole message, or what follows `prefix` where it begins with one that was expected. Must not throw. */
  message(text: string, prefix?: Fragment): void;
  /** What was queued above `pauseBytes` has been taken by the network. */
  drain(): void;
  /** The connection has ended. Nothing is delivered any more. 1006: it dropped without a goodbye. */
  close(code: number, reason: string): void;
}
