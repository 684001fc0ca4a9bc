import type { Abortable } from '../../util/abortable.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Transport } from '../../transport/handshake/transport-names.js';
import type { ConnectionHost } from './connection.js';
import type { RenewToken } from './token-renewal.js';

/** What a call carries to say who calls. */
export interface Auth {
  /** `kiteKey`, `token`, or a type that the called kite was taught. */
  readonly type: string;
  readonly key: string;
}

export type { Transport };

export interface ClientOptions {
  /** Default: the kite's, which is `auto`. */
  readonly transport?: Transport;
  /** Credentials sent with every call. Default none: a key goes only where the program sends it. */
  readonly auth?: Auth | null;
  /**
   * Gets a new token for `auth` of type `token`: called 30 s before the one in use expires, and when a call was refused
   * because it had, which is then made once more. Default none. Kites that Kontrol found have it set.
   */
  readonly renewToken?: RenewToken;
  /** Milliseconds a call waits for its answer; 0 = none. Default: the kite's, which is 15,000. */
  readonly timeout?: number;
  /** Milliseconds in which the connection must stand. Default: the kite's, which is 10,000. */
  readonly handshakeTimeout?: number;
  /**
   * Methods of this kite that the dialled one may call without authentication. `true` = all of them, for a program that
   * only dials. Default: the kite's `trustRemote`, which is none.
   */
  readonly trustRemote?: readonly string[] | true;
  /** Waits between the tries of `dialForever`. */
  readonly backoff?: BackoffOptions;
  /** Certificate authorities to trust beside the system's, as PEM; for `https:` and `wss:`. */
  readonly ca?: string;
}

export type ClientEvents = {
  /** A connection stands: the first, or one after a disconnect. */
  connect: [];
  /** The connection has ended: WebSocket close code and reason. */
  disconnect: [code: number, reason: string];
  /** The token is about to expire, or was refused as expired. */
  tokenExpire: [];
  /** Calls carry a new token from now on. */
  tokenRenew: [token: string];
};

export interface DialerOptions {
  /** `Session`: the WebSocket of one SockJS session, at the URL as it stands. */
  readonly transport: Transport | 'Session';
  readonly handshakeTimeout: number;
  readonly signal: Abortable;
  readonly ca?: string | undefined;
}

/** Opens a channel to a URL. Rejects with an error that has a message for people and, as `code`, what went wrong. */
export type Dialer = (url: string, options: DialerOptions) => Promise<Channel>;

/** What a client needs of the kite it belongs to. */
export interface ClientHost extends ConnectionHost {
  readonly transport: Transport;
  readonly handshakeTimeout: number;
  readonly trustRemote: readonly string[] | true | undefined;
  readonly dialer: Dialer;
  /** The kite need not close this client any more. */
  clientClosed(client: OpenClient): void;
}

export interface OpenClient {
  close(): void;
}
