import { exactQuery, type KiteQuery, noKitesFoundError, severalKitesError } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Auth, Client, ClientOptions } from '../call/client.js';
import type { ConnectAt } from '../call/kite-path.js';
import { emptyIfNoKites, type KiteRecord, readKites, readString } from './kontrol-responses.js';
import { KontrolQuery } from './kontrol-query.js';
import { NarrowTokens } from './narrow-tokens.js';
import { KontrolLink } from './kontrol-link.js';
import type { GetKitesOptions, KontrolClient } from './kontrol-client.js';
import { RemoteKite } from './remote-kite.js';
import { tokenRenewer } from './token-source.js';
import { type KiteEvent, type KiteWatch, ResumingKiteWatch } from './kite-watch.js';

export interface LinkedKontrolClientOptions {
  /** URLs of Kontrol, in order of preference. */
  readonly urls: readonly string[];
  /** Returns the current credentials of the kite. */
  readonly auth: () => Auth | null;
  readonly newClient: <Remote>(url: string, options: ClientOptions) => Client<Remote>;
  /** Connects to a URL. Default: at that URL only. */
  readonly connectAt?: ConnectAt | undefined;
  /** Called when a call fails. */
  readonly failed?: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

/** A client of Kontrol on a link. */
export class LinkedKontrolClient implements KontrolClient {
  readonly #link: KontrolLink;
  readonly #options: LinkedKontrolClientOptions;
  readonly #narrowTokens: NarrowTokens;

  constructor(options: LinkedKontrolClientOptions, link = new KontrolLink(options)) {
    this.#options = options;
    this.#link = link;
    this.#narrowTokens = new NarrowTokens((query) => this.getToken(query), options.clock);
  }

  connect(): Promise<Client> {
    return this.#link.connect();
  }

  async getKites(query: KiteQuery, { who }: GetKitesOptions = {}): Promise<RemoteKite[]> {
    const asked = new KontrolQuery(query);
    const call = this.#link.call('getKites', asked.argsOf({ who }));
    const { kites } = readKites(await call.catch(emptyIfNoKites).catch(asked.rethrow));
    // The kites that `kite.who` has selected need not match.
    if (!asked.hasGlobs || who !== undefined) return kites.map((found) => this.#remote(found));
    const narrow = await this.#narrowTokens.narrow(kites.filter((found) => asked.matches(found)));
    return narrow.map((found) => this.#remote(found));
  }

  async getToken(query: KiteQuery, { force = false } = {}): Promise<string> {
    const asked = new KontrolQuery(query);
    try {
      return readString('getToken', await this.#link.call('getToken', asked.tokenArgs(force)));
    } catch (error) {
      if (!asked.isUnknownGlob(error)) throw error;
    }
    const found = await this.getKites(query);
    const [kite, another] = found.filter(({ token }) => token !== '');
    if (!kite) throw noKitesFoundError();
    if (another) throw severalKitesError();
    return force ? await this.getToken(exactQuery(kite.kite), { force }) : kite.token;
  }

  async getKey(): Promise<string> {
    return readString('getKey', await this.#link.call('getKey', []));
  }

  async watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    const asked = new KontrolQuery(query);
    const remote = (found: KiteRecord): RemoteKite => this.#remote(found);
    return new ResumingKiteWatch({ ...this.#options, link: this.#link, asked, remote, listener }).start();
  }

  renewAuth(): void {
    this.#link.renewAuth();
  }

  wake(): void {
    this.#link.wake();
  }

  close(): void {
    this.#link.close();
  }

  #remote(found: KiteRecord): RemoteKite {
    return new RemoteKite(
      {
        newClient: <Remote>(url: string, options: object) => this.#options.newClient<Remote>(url, options),
        renewer: (kite: KiteRecord) => tokenRenewer(this, kite),
      },
      found,
    );
  }
}
