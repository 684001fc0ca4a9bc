import type { CallerIdentity } from './caller-identity.js';

export interface ConnectionOptions {
  /** Which end opened the connection. Only the accepting end applies back-pressure; see `FlowControl`. */
  readonly role: 'accepted' | 'dialed';
  /** Methods that the peer may call without authentication; `true` means all. Default: none. */
  readonly trustRemote?: readonly string[] | true | undefined;
  /** The peer, if the channel has authenticated it. Its calls then need no credentials. */
  readonly identity?: CallerIdentity | undefined;
  /** The `authentication` of calls. Default: null. */
  readonly auth?: unknown;
  /** Timeout of calls in milliseconds; 0 means none. Default: that of the host. */
  readonly timeout?: number | undefined;
  /** Is told of the events of the connection before their listeners. */
  readonly observer?: ConnectionObserver;
}

/** The owner of a connection. Listeners and closures for each connection would take memory. Its methods must not throw. */
export interface ConnectionObserver {
  /** The `backlog` has become small again. */
  drained(): void;
  /** The peer takes no new calls. */
  draining(connection: object): void;
  ended(connection: object, code: number, reason: string): void;
}

export type ConnectionEvents = {
  /** The `backlog` had exceeded `pauseBytes`, and is smaller again. */
  drain: [];
  /** The peer is shutting down and takes no new calls. */
  draining: [];
  /** The connection has ended: WebSocket close code and reason. */
  disconnect: [code: number, reason: string];
};
