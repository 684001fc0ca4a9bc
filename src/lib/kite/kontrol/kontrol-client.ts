import type { KiteQuery } from '../../protocol/query.js';
import type { Client } from '../call/client.js';
import type { KiteEvent, KiteWatch } from './kite-watch.js';
import type { RemoteKite } from './remote-kite.js';

/** Options of a query. */
export interface GetKitesOptions {
  /** If set, Kontrol calls `kite.who` of a matching kite with this argument, and uses the query that it returns. */
  readonly who?: unknown;
}

/**
 * The methods of Kontrol for one user: finds and watches kites, and gets tokens. There is one connection, which is opened on
 * first use.
 *
 * @example
 *     const [math] = await kontrol.getKites({ username: 'bob', environment: 'prod', name: 'math' });
 *     const client = math.client();
 */
export interface KontrolClient {
  /** Connects to Kontrol if necessary. Rejects with the error of the last Kontrol if none can be reached. */
  connect(): Promise<Client>;

  /** Returns the kites that match a query, in random order, each with a token to call it. The list may be empty. */
  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]>;

  /** Returns a token for the only kite that matches a query. With `force`, Kontrol issues a new one instead of a cached one. */
  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string>;

  /** Returns the public key of Kontrol that this kite should trust, in PEM. */
  getKey(): Promise<string>;

  /**
   * Watches the kites that match a query. Resolves with the watch, which has the kites that are registered now; `listener`
   * is called for each later change. The watch continues after a disconnect, and first reports the changes that it missed.
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch>;

  /** Applies changed credentials to later calls. */
  renewAuth(): void;

  /** Closes the connection and ends the watches. Clients of other kites stay open. */
  close(): void;
}
