import type { KiteError } from '../../protocol/errors.js';
import type { Abortable } from '../../util/abortable.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import type { RunningCalls } from './when-idle.js';
import type { Transport } from '../../transport/handshake/transport-names.js';
import type { ConnectionHost } from './connection.js';
import type { RenewToken, TokenRenewal, TokenRenewalOptions } from './token-renewal.js';

/** Credentials that a call carries. */
export interface Auth {
  /** `kiteKey`, `token`, or a type that the called kite has added with `authenticate`. */
  readonly type: string;
  readonly key: string;
}

export type { Transport };

/** Options of a client. Each option of `ServerAccess` replaces the same one in the `serverAccess` of the kite. */
export interface ClientOptions extends ServerAccess {
  /** Transport of the connection. Default: that of the kite, which is `auto` by default. */
  readonly transport?: Transport;
  /** Credentials to send with every call. Default: none. */
  readonly auth?: Auth | null;
  /**
   * Gets a new token if `auth` has the type `token`. It is called 30 s before the token expires, and when a call is rejected
   * because the token has expired; that call is then repeated once. Default: none. Clients of a `RemoteKite` have it set.
   */
  readonly renewToken?: RenewToken;
  /** Timeout of calls in milliseconds; 0 means none. Default: that of the kite, which is 15,000 by default. */
  readonly timeout?: number;
  /** Timeout of connecting in milliseconds; 0 means none. Default: that of the kite, which is 10,000 by default. */
  readonly handshakeTimeout?: number;
  /**
   * Methods of this kite that the dialed kite may call without authentication; `true` means all. Default: the `trustRemote`
   * of this kite, which is none by default.
   */
  readonly trustRemote?: readonly string[] | true;
  /** Delays between the attempts of `dialForever`. Default: from 200 ms, doubled up to 10 s. */
  readonly backoff?: BackoffOptions;
}

/** The events of a client, with the arguments of their listeners. */
export type ClientEvents = {
  /** The `backlog` had exceeded `pauseBytes`, and is smaller again. */
  drain: [];
  /**
   * The peer is shutting down and takes no new calls: those that run finish. A client that was started with `dialForever` emits
   * `disconnect` and connects again; calls of another one reject with the code `draining`.
   */
  draining: [];
  /** The client has connected: for the first time, or again. */
  connect: [];
  /** The connection has ended: WebSocket close code and reason. */
  disconnect: [code: number, reason: string];
  /**
   * `dialForever` has no connection, and dials again after `delay` milliseconds. The `code` of `cause` is a `DialErrorCode`, such
   * as `refused` or `tls`, or it is empty after a disconnect.
   */
  retry: [cause: KiteError, delay: number];
  /** The token is about to expire, or was rejected as expired. */
  tokenExpire: [];
  /** The token was renewed. Calls carry the new one from now on. */
  tokenRenew: [token: string];
};

export interface DialerOptions {
  /** `Session`: the WebSocket of one SockJS session, at exactly this URL. */
  readonly transport: Transport | 'Session';
  readonly handshakeTimeout: number;
  readonly signal: Abortable;
  /** Default: that of the kite. */
  readonly access?: (ServerAccess & Pick<ClientOptions, 'renewToken'>) | undefined;
  /** The credentials that will be sent over the channel. */
  readonly auth?: Auth | null;
}

/** Opens a channel to a URL. Rejects with an error whose `code` identifies the failure. */
export type Dialer = (url: string, options: DialerOptions) => Promise<Channel>;

/** The interface of a kite to its clients. */
export interface ClientHost extends ConnectionHost {
  readonly transport: Transport;
  readonly handshakeTimeout: number;
  readonly trustRemote: readonly string[] | true | undefined;
  readonly dialer: Dialer;
  /** Renews the tokens of clients. Undefined if the dialer rejects the option `renewToken`. */
  readonly newRenewal: ((options: TokenRenewalOptions) => TokenRenewal) | undefined;
  /** Called when a client has closed. */
  clientClosed(client: OpenClient): void;
}

/** A client of any methods, for the kite that closes it. */
export interface OpenClient {
  close(): void;
  wake(): void;
  announceDraining(): void;
  readonly running: RunningCalls[];
}
