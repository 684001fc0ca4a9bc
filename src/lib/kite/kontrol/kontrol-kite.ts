import { ConfigurationError, hasCode } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Auth } from '../call/client.js';
import { type CoreOptions, KiteCore } from '../kite-core.js';
import type { AnyMethods } from '../call/method-types.js';
import { type RegisterAnswer, texts } from './kontrol-responses.js';
import { record } from '../../util/record.js';
import { HttpRegistration } from './http-registration.js';
import type { GetKitesOptions } from './kontrol-client.js';
import { KontrolMembership } from './kontrol-membership.js';
import type { Registration } from './registration.js';
import type { RemoteKite } from './remote-kite.js';
import type { KiteEvent, KiteWatch } from './kite-watch.js';

/** What Kontrol has a kite trust. */
export interface KontrolTrust {
  /** Has the kite go by this kite key from now on. Throws where it cannot. */
  use(jwt: string): void;
  /** Kontrol has revoked these public keys of its own, PEM. */
  revoke(keys: readonly string[]): void;
  /** Kontrol has revoked the pair that signed the kite's own kite key. */
  revokeOwn(): void;
}

export interface KontrolMember {
  /** Where Kontrol is, the preferred one first. */
  readonly urls: readonly string[];
  /** The kite key to begin with. */
  readonly kiteKey: string | undefined;
  readonly trust: KontrolTrust;
  /** Keeps a fresh kite key for the next start. */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

export interface RegisterOptions {
  /** Under which others reach this kite. Default: `registerUrl()`. */
  readonly url?: string;
}

/** A kite and Kontrol: it registers there, finds others, and gets the tokens to call them. */
export class KontrolKite<Methods = AnyMethods> extends KiteCore<Methods> {
  readonly #member: KontrolMember;
  readonly #upkeep = new Set<{ stop(): void }>();
  #kiteKey: string | undefined;
  #exchanged = false;
  readonly #keysRevoked = (keys: unknown): void => this.#member.trust.revoke(texts(keys));
  #retired = false;
  #closed = false;
  #opened: KontrolMembership | undefined;

  constructor(options: CoreOptions & { readonly kontrol: KontrolMember }) {
    super(options);
    this.#member = options.kontrol;
    this.#kiteKey = options.kontrol.kiteKey;
  }

  /** Where others reach this kite. Rejects where it does not listen. */
  registerUrl(): Promise<string> {
    const message = `${this.identity.name} does not listen: register it with the url under which others reach it`;
    return Promise.reject(new ConfigurationError('noUrl', message));
  }

  /** Others reach this kite under this URL. */
  protected knownAs(_url: string): unknown {
    return this;
  }

  /** Registers once, for as long as the connection lasts. Rejects with what Kontrol has against it. */
  async register({ url }: RegisterOptions = {}): Promise<{ readonly url: string }> {
    return this.#client.register({ url: await this.#ownUrl(url) });
  }

  /**
   * Registers and stays registered: again after each disconnect, at the next Kontrol where one is gone. Resolves when it
   * is registered; what stands in the way is logged, emitted as `registerFailed`, and tried again.
   *
   * Rejects where the kite closes before (`disconnect`, code `closed`), and with what Kontrol has against it where asking
   * again does not help: `authenticationError`, `argumentError`. A kite that was registered, and is refused later (since
   * its key was revoked, say), logs an error and asks once a minute.
   */
  async registerForever({ url }: RegisterOptions = {}): Promise<Registration> {
    return this.#client.registerForever({ url: await this.#ownUrl(url) });
  }

  /** `registerForever` over plain HTTP requests, without a connection that stays. */
  async registerHttp({ url }: RegisterOptions = {}): Promise<Registration> {
    const { clock, logger, timeout } = this.host;
    const { urls, backoff } = this.#member;
    const registration = new HttpRegistration({
      urls,
      url: await this.#ownUrl(url),
      kite: this.identity,
      auth: () => this.kiteKeyAuth,
      registered: (answer) => this.#registered(answer),
      failed: (error) => this.#registerFailed(error),
      fetch: this.#member.fetch ?? fetch,
      timeout,
      clock,
      logger,
      backoff,
    });
    if (this.#retired) registration.stop();
    this.#upkeep.add(registration);
    return registration.start();
  }

  /** The kites that a query asks for, in random order, each with a token to call it. None: an empty list. */
  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#client.getKites(query, options);
  }

  /** A token for the one kite that the query asks for. `force`: a new one, where Kontrol would give the last again. */
  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#client.getToken(query, options);
  }

  /** The public key of Kontrol that this kite should trust now, PEM. */
  getKey(): Promise<string> {
    return this.#client.getKey();
  }

  /**
   * The kites that a query asks for, and from then on each that comes or goes. After a disconnect the watch goes on with
   * what has changed meanwhile, so that nothing is missed.
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#client.watchKites(query, listener);
  }

  /** Keeps up no registration any more, and no watch; those that wait for Kontrol reject. Calls can still be made. */
  protected retireFromKontrol(): void {
    this.#retired = true;
    for (const upkeep of this.#upkeep) upkeep.stop();
    this.#opened?.retire();
  }

  protected closeKontrol(): void {
    this.retireFromKontrol();
    this.#closed = true;
    this.#opened?.close();
  }

  async #ownUrl(given: string | undefined): Promise<string> {
    const url = given ?? (await this.registerUrl());
    this.knownAs(url);
    return url;
  }

  get #client(): KontrolMembership {
    if (this.#opened) return this.#opened;
    const { clock, logger } = this.host;
    const { urls, backoff } = this.#member;
    this.#opened = new KontrolMembership({
      urls,
      auth: () => this.kiteKeyAuth,
      newClient: (url, options) => this.newClient(url, options),
      registered: (answer) => this.#registered(answer),
      registerFailed: (error) => this.#registerFailed(error),
      failed: (error) => this.#heard(error),
      clock,
      logger,
      backoff,
    });
    if (this.#retired) this.#opened.retire();
    if (this.#closed) this.#opened.close();
    return this.#opened;
  }

  /** The kite key as credentials. */
  protected get kiteKeyAuth(): Auth | null {
    return this.#kiteKey === undefined ? null : { type: 'kiteKey', key: this.#kiteKey };
  }

  async #registered({ url, kiteKey, revokedKeys }: RegisterAnswer): Promise<void> {
    this.#member.trust.revoke(revokedKeys);
    if (kiteKey !== undefined) await this.#exchangeKey(kiteKey);
    if (this.#exchanged) void this.#watchKeys();
    this.emit('register', url);
  }

  #registerFailed(error: Error): void {
    this.#heard(error);
    this.emit('registerFailed', error);
  }

  /** Kontrol answered with an error. */
  #heard(error: unknown): void {
    if (hasCode(error, 'keyPairRevoked')) this.#member.trust.revokeOwn();
  }

  async #exchangeKey(kiteKey: string): Promise<void> {
    this.#member.trust.use(kiteKey);
    this.#kiteKey = kiteKey;
    this.#exchanged = true;
    this.#opened?.renewAuth();
    try {
      await this.#member.saveKiteKey?.(kiteKey);
    } catch (error) {
      this.host.logger.error(
        `The fresh kite key could not be kept, and goes with this process: ${String(error)}`,
      );
    }
  }

  /** Who has exchanged its key trusts the pair before for a while, and wants to know when Kontrol revokes that. */
  async #watchKeys(): Promise<void> {
    try {
      const answer = await this.#opened?.client?.call('watchKeys', [this.#keysRevoked]);
      this.#keysRevoked(record(answer)['revokedKeys']);
    } catch (error) {
      // A Kontrol of Go has no such method. Then the next registration tells.
      this.host.logger.debug(`Kontrol does not tell of revoked keys: ${String(error)}`);
    }
  }
}

/** The code of Kontrol's error for who shows a kite key of a revoked pair. */
