import type { KiteQuery } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Auth, Client, ClientOptions } from '../call/client.js';
import { type FoundKite, emptyIfNoKites, readKites, readString } from './kontrol-responses.js';
import { KontrolLink } from './kontrol-link.js';
import { RemoteKite } from './remote-kite.js';
import { tokenRenewer } from './token-source.js';
import { type KiteEvent, type KiteWatch, ResumingKiteWatch } from './kite-watch.js';

export interface GetKitesOptions {
  /** Has one of the matching kites choose: what its method `kite.who` is called with. */
  readonly who?: unknown;
}

export interface KontrolClientOptions {
  /** Where Kontrol is, the preferred one first. */
  readonly urls: readonly string[];
  /** With what the kite says who it is, now. */
  readonly auth: () => Auth | null;
  readonly newClient: <Remote>(url: string, options: ClientOptions) => Client<Remote>;
  /** Called where a call fails. */
  readonly failed?: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

/** What a kite asks Kontrol about others, over one connection that is opened when it is first needed. */
export class KontrolClient {
  protected readonly link: KontrolLink;
  readonly #options: KontrolClientOptions;

  constructor(options: KontrolClientOptions) {
    this.#options = options;
    this.link = new KontrolLink(options);
  }

  /** The connection to Kontrol, opened where there is none. Rejects with why the last Kontrol cannot be reached. */
  connect(): Promise<Client> {
    return this.link.connect();
  }

  /** The kites that a query asks for, in random order, each with a token to call it. None: an empty list. */
  async getKites(query: KiteQuery, { who }: GetKitesOptions = {}): Promise<RemoteKite[]> {
    const asked = this.link.call('getKites', [{ query, ...(who !== undefined && { who }) }]);
    const answer = await asked.catch(emptyIfNoKites);
    return readKites(answer).kites.map((found) => this.#remote(found));
  }

  /** A token for the one kite that the query asks for. `force`: a new one, where Kontrol would give the last again. */
  async getToken(query: KiteQuery, { force = false } = {}): Promise<string> {
    return readString('getToken', await this.link.call('getToken', [{ ...query, ...(force && { force }) }]));
  }

  /** The public key of Kontrol that this kite should trust now, PEM. */
  async getKey(): Promise<string> {
    return readString('getKey', await this.link.call('getKey', []));
  }

  /**
   * The kites that a query asks for, and from then on each that comes or goes. After a disconnect the watch goes on with
   * what has changed meanwhile, so that nothing is missed.
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    const remote = (found: FoundKite): RemoteKite => this.#remote(found);
    return new ResumingKiteWatch({ ...this.#options, link: this.link, query, remote, listener }).start();
  }

  /** Has later calls carry other credentials. */
  renewAuth(): void {
    this.link.renewAuth();
  }

  /** Ends the connection and what lives on it. Clients of the kites that were found stay. */
  close(): void {
    this.link.close();
  }

  #remote(found: FoundKite): RemoteKite {
    return new RemoteKite(
      {
        newClient: <Remote>(url: string, options: object) => this.#options.newClient<Remote>(url, options),
        renewer: (kite: FoundKite) => tokenRenewer(this, kite),
      },
      found,
    );
  }
}
