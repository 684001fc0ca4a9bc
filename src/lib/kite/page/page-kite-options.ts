import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { Logger } from '../../util/logger.js';
import type { Auth, Transport } from '../call/client.js';
import type { MethodHandling } from '../serve/method.js';

/** What a program may decide about the kite of its page. */
export interface PageKiteOptions {
  /** Default `unknown`. Kontrol goes by the user of the kite key. */
  readonly username?: string;
  /** Default `unknown`. */
  readonly environment?: string;
  /** Default `unknown`. */
  readonly region?: string;
  /** Default: the host that the page came from. */
  readonly hostname?: string;
  /**
   * Methods that a kite dialled from here may call. Default `true`, all of them: a page only dials, and its methods are
   * there for those that it has dialled. A client may be given fewer.
   */
  readonly trustRemote?: readonly string[] | true;
  /** How clients connect. Default `auto`. */
  readonly transport?: Transport;
  /** Milliseconds a call waits for its answer; 0 = for ever. Default 15,000. */
  readonly timeout?: number;
  /** Milliseconds that a connection may take to come about; 0 = for ever. Default 10,000. */
  readonly handshakeTimeout?: number;
  /** Whether calls of one connection run side by side. Default true. */
  readonly concurrent?: boolean;
  /** Which handler's value is a call's result. Default `ReturnMethod`. */
  readonly methodHandling?: MethodHandling;
  /** What a peer may make this page spend. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Where log lines go. Default: the console. */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface PageKontrolOptions {
  /** Where Kontrol is; several, the preferred one first. */
  readonly url: string | readonly string[];
  /** With what the page says who it is: `{ type: 'kiteKey', key }`. Kept in memory only. */
  readonly auth: Auth | null;
  /** Waits between the tries to connect again. */
  readonly backoff?: BackoffOptions;
}
