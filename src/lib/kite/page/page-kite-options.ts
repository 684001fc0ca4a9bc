import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { Logger } from '../../util/logger.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import type { Auth, ClientOptions, Transport } from '../call/client.js';
import type { MethodHandling } from '../serve/method.js';

/** Options of a client in a page, where the browser decides which certificates are trusted and which headers are sent. */
export type PageClientOptions = Omit<ClientOptions, keyof ServerAccess>;

/** Options of a kite in a page. */
export interface PageKiteOptions {
  /** Default: `unknown`. Kontrol uses the user of the kite key instead. */
  readonly username?: string;
  /** Default: `unknown`. */
  readonly environment?: string;
  /** Default: `unknown`. */
  readonly region?: string;
  /** Default: the host of the page's URL. */
  readonly hostname?: string;
  /**
   * Methods that kites dialed by this page may call; `true` means all. Default: `true`, because a page serves its methods only
   * to kites that it has dialed. The option of the same name of a client takes precedence.
   */
  readonly trustRemote?: readonly string[] | true;
  /** Transport of clients. Default: `auto`. */
  readonly transport?: Transport;
  /** Timeout of calls in milliseconds; 0 means none. Default: 15,000. */
  readonly timeout?: number;
  /** Timeout of connecting in milliseconds; 0 means none. Default: 10,000. */
  readonly handshakeTimeout?: number;
  /** Whether calls of one connection run concurrently. Default: true. */
  readonly concurrent?: boolean;
  /** Which handler provides the result of a call. Default: `ReturnMethod`. */
  readonly methodHandling?: MethodHandling;
  /**
   * Names of fields of errors that are sent to callers as the `data` of their error: of errors of handlers that are not a
   * KiteError. The stack is never sent. Default: none.
   */
  readonly errorFields?: readonly string[];
  /** Limits on the resources that peers can use. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Receives log messages. Default: the console. */
  readonly logger?: Logger;
  /** Clock for timers and expiry. Default: the system clock. */
  readonly clock?: Clock;
}

/** Options of a client of Kontrol in a page. */
export interface PageKontrolOptions {
  /** URL of Kontrol, or several in order of preference. */
  readonly url: string | readonly string[];
  /** Credentials of the page, such as `{ type: 'kiteKey', key }`. They are stored in memory only. */
  readonly auth: Auth | null;
  /** Delays between attempts to reconnect. Default: from 200 ms, doubled up to 10 s. */
  readonly backoff?: BackoffOptions;
}
