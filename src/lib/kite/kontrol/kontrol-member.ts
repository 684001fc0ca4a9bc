import { hasCode } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { record } from '../../util/record.js';
import type { Auth } from '../call/client.js';
import { applyFreshKey } from './apply-fresh-key.js';
import { HttpRegistration } from './http-registration.js';
import type { GetKitesOptions, KontrolClientOptions } from './kontrol-client.js';
import { KontrolRegistrant } from './kontrol-registrant.js';
import { type RegisterResponse, readStrings } from './kontrol-responses.js';
import type { KiteEvent, KiteWatch } from './kite-watch.js';
import type { Registration } from './registration.js';
import type { RemoteKite } from './remote-kite.js';

/** The keys that a kite trusts, as Kontrol changes them. */
export interface KontrolKeys {
  /** Has the kite use this kite key from now on. Throws where it cannot. */
  use(jwt: string): void;
  /** Kontrol has revoked these public keys of its own, PEM. */
  revoke(keys: readonly string[]): void;
  /** Kontrol has revoked the pair that signed the kite's own kite key. */
  revokeOwn(): void;
  /** The kite has closed. */
  close(): void;
}

/** Under which URL a kite is reached. */
export interface KiteAddress {
  /** The URL for other machines. Rejects where the kite does not listen. */
  registerUrl(): Promise<string>;
  /** Others reach the kite under this URL too. */
  knownAs(url: string): void;
}

export interface KontrolMemberOptions {
  readonly identity: KiteIdentity;
  /** Where Kontrol is, the preferred one first. */
  readonly urls: readonly string[];
  /** The kite key to begin with. */
  readonly kiteKey: string | undefined;
  readonly keys: KontrolKeys;
  readonly address: KiteAddress;
  readonly newClient: KontrolClientOptions['newClient'];
  /** The kite is registered at Kontrol under `url`. */
  readonly registered: (url: string) => void;
  /** An attempt to register failed. */
  readonly registerFailed: (error: Error) => void;
  /** Stores a fresh kite key for the next start. */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  /** Milliseconds that a request over HTTP may take. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch?: typeof fetch | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

export interface RegisterOptions {
  /** Under which others reach this kite. Default: `registerUrl()`. */
  readonly url?: string;
}

/**
 * A kite and its Kontrol: it registers there, finds other kites and gets the tokens to call them. The methods are those of
 * the kite, which documents them.
 *
 * Lifecycle: any number of calls, then `retire`, then `close`.
 */
export class KontrolMember {
  readonly #options: KontrolMemberOptions;
  /** Registrations over HTTP. */
  readonly #overHttp = new Set<HttpRegistration>();
  readonly #keysRevoked = (keys: unknown): void => this.#options.keys.revoke(readStrings(keys));
  #auth: Auth | null;
  /** Whether Kontrol has replaced the kite key. */
  #exchanged = false;
  #retired = false;
  #closed = false;
  #opened: KontrolRegistrant | undefined;

  constructor(options: KontrolMemberOptions) {
    this.#options = options;
    const { kiteKey } = options;
    this.#auth = kiteKey === undefined ? null : { type: 'kiteKey', key: kiteKey };
  }

  /** Whether there is a Kontrol to ask. */
  get hasUrls(): boolean {
    return this.#options.urls.length > 0;
  }

  /** The kite key as credentials. */
  get auth(): Auth | null {
    return this.#auth;
  }

  async register({ url }: RegisterOptions = {}): Promise<{ readonly url: string }> {
    return this.#client.register({ url: await this.#ownUrl(url) });
  }

  async registerForever({ url }: RegisterOptions = {}): Promise<Registration> {
    return this.#client.registerForever({ url: await this.#ownUrl(url) });
  }

  async registerHttp({ url }: RegisterOptions = {}): Promise<Registration> {
    const registration = new HttpRegistration({
      ...this.#options,
      url: await this.#ownUrl(url),
      kite: this.#options.identity,
      auth: () => this.auth,
      registered: (answer) => this.#registered(answer),
      failed: (error) => this.#registerFailed(error),
      fetch: this.#options.fetch ?? fetch,
    });
    if (this.#retired) registration.stop();
    this.#overHttp.add(registration);
    return registration.start();
  }

  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#client.getKites(query, options);
  }

  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#client.getToken(query, options);
  }

  getKey(): Promise<string> {
    return this.#client.getKey();
  }

  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#client.watchKites(query, listener);
  }

  /** Ends registrations and watches; those that wait for Kontrol reject. Calls can still be made. */
  retire(): void {
    this.#retired = true;
    for (const registration of this.#overHttp) registration.stop();
    this.#opened?.retire();
  }

  /** Ends the connection to Kontrol. */
  close(): void {
    this.retire();
    this.#closed = true;
    this.#options.keys.close();
    this.#opened?.close();
  }

  async #ownUrl(given: string | undefined): Promise<string> {
    const { address } = this.#options;
    const url = given ?? (await address.registerUrl());
    address.knownAs(url);
    return url;
  }

  /** The client of Kontrol, which is made when it is first needed. */
  get #client(): KontrolRegistrant {
    if (this.#opened) return this.#opened;
    this.#opened = new KontrolRegistrant({
      ...this.#options,
      auth: () => this.auth,
      registered: (answer) => this.#registered(answer),
      registerFailed: (error) => this.#registerFailed(error),
      failed: (error) => this.#callFailed(error),
    });
    if (this.#retired) this.#opened.retire();
    if (this.#closed) this.#opened.close();
    return this.#opened;
  }

  async #registered({ url, kiteKey, revokedKeys }: RegisterResponse): Promise<void> {
    this.#options.keys.revoke(revokedKeys);
    if (kiteKey !== undefined) await this.#takeKey(kiteKey);
    if (this.#exchanged) void this.#watchKeys();
    this.#options.registered(url);
  }

  #registerFailed(error: Error): void {
    this.#callFailed(error);
    this.#options.registerFailed(error);
  }

  /** Kontrol answered with an error. */
  #callFailed(error: unknown): void {
    if (hasCode(error, 'keyPairRevoked')) this.#options.keys.revokeOwn();
  }

  #takeKey(kiteKey: string): Promise<void> {
    const { keys, saveKiteKey: save, logger } = this.#options;
    const use = (auth: Auth): void => {
      keys.use(kiteKey);
      this.#auth = auth;
      this.#exchanged = true;
      this.#opened?.renewAuth();
    };
    return applyFreshKey(kiteKey, { use, save, logger });
  }

  /** A kite that has exchanged its key trusts the former pair for a while: it asks to be told when that is revoked. */
  async #watchKeys(): Promise<void> {
    try {
      const answer = await this.#opened?.client?.call('watchKeys', [this.#keysRevoked]);
      this.#keysRevoked(record(answer)['revokedKeys']);
    } catch (error) {
      // A Kontrol of Go has no such method. Then the next registration tells.
      this.#options.logger.debug(`Kontrol does not report revoked keys: ${String(error)}`);
    }
  }
}
