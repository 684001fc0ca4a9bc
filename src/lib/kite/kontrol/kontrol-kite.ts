import { isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { BackoffOptions } from '../../util/backoff.js';
import type { Auth } from '../client.js';
import { type CoreOptions, KiteCore } from '../core.js';
import type { AnyMethods } from '../method-types.js';
import { type Found, noKites, readKites, readText, record, type RegisterAnswer, texts } from './answers.js';
import { HttpRegistration } from './http-registration.js';
import { KontrolLink } from './kontrol-link.js';
import { type Registration, registerForever, registerOn } from './registration.js';
import { RemoteKite } from './remote-kite.js';
import { renewer } from './renewer.js';
import { type KiteEvent, type KiteWatch, Watch } from './watch.js';

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

export interface GetKitesOptions {
  /** Has one of the matching kites choose: what its method `kite.who` is called with. */
  readonly who?: unknown;
}

/** A kite and Kontrol: it registers there, finds others, and gets the tokens to call them. */
export class KontrolKite<Methods = AnyMethods> extends KiteCore<Methods> {
  readonly #member: KontrolMember;
  readonly #upkeep = new Set<{ stop(): void }>();
  #kiteKey: string | undefined;
  #opened: KontrolLink | undefined;
  #exchanged = false;
  readonly #keysRevoked = (keys: unknown): void => this.#member.trust.revoke(texts(keys));
  #retired = false;
  #closed = false;

  constructor(options: CoreOptions & { readonly kontrol: KontrolMember }) {
    super(options);
    this.#member = options.kontrol;
    this.#kiteKey = options.kontrol.kiteKey;
  }

  /** Where others reach this kite. Rejects where it does not listen. */
  registerUrl(): Promise<string> {
    const message = `${this.identity.name} does not listen: register it with the url under which others reach it`;
    return Promise.reject(new KiteError('configurationError', message, { code: 'noUrl' }));
  }

  /** Registers once, for as long as the connection lasts. Rejects with what Kontrol has against it. */
  async register({ url }: RegisterOptions = {}): Promise<{ readonly url: string }> {
    const asked = url ?? (await this.registerUrl());
    const answer = await registerOn(await this.#link.connect(), {
      url: asked,
      registered: (registered) => this.#registered(registered),
      failed: (error) => this.#heard(error),
    });
    return { url: answer.url };
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
    const { clock, logger } = this.host;
    if (this.#member.urls.length === 0) await this.#link.connect();
    return registerForever({
      link: this.#link,
      url: url ?? (await this.registerUrl()),
      registered: (answer) => this.#registered(answer),
      failed: (error) => this.#registerFailed(error),
      clock,
      logger,
      backoff: this.#member.backoff,
    });
  }

  /** `registerForever` over plain HTTP requests, without a connection that stays. */
  async registerHttp({ url }: RegisterOptions = {}): Promise<Registration> {
    const { clock, logger, timeout } = this.host;
    const { urls, backoff } = this.#member;
    const registration = new HttpRegistration({
      urls,
      url: url ?? (await this.registerUrl()),
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
  async getKites(query: KiteQuery, { who }: GetKitesOptions = {}): Promise<RemoteKite[]> {
    const asked = this.#link.call('getKites', [{ query, ...(who !== undefined && { who }) }]);
    const answer = await asked.catch(noKites);
    return readKites(answer).kites.map((found) => this.#remote(found));
  }

  /** A token for the one kite that the query asks for. `force`: a new one, where Kontrol would give the last again. */
  async getToken(query: KiteQuery, { force = false } = {}): Promise<string> {
    return readText('getToken', await this.#link.call('getToken', [{ ...query, ...(force && { force }) }]));
  }

  /** The public key of Kontrol that this kite should trust now, PEM. */
  async getKey(): Promise<string> {
    return readText('getKey', await this.#link.call('getKey', []));
  }

  /**
   * The kites that a query asks for, and from then on each that comes or goes. After a disconnect the watch goes on with
   * what has changed meanwhile, so that nothing is missed.
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    const { clock, logger } = this.host;
    const remote = (found: Found): RemoteKite => this.#remote(found);
    return new Watch({ link: this.#link, query, remote, listener, clock, logger }).start();
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

  get #link(): KontrolLink {
    if (this.#opened) return this.#opened;
    const { clock, logger } = this.host;
    this.#opened = new KontrolLink({
      urls: this.#member.urls,
      auth: () => this.kiteKeyAuth,
      newClient: (url, options) => this.newClient(url, options),
      failed: (error) => this.#heard(error),
      clock,
      logger,
      backoff: this.#member.backoff,
    });
    if (this.#retired) this.#opened.retire();
    if (this.#closed) this.#opened.close();
    return this.#opened;
  }

  /** The kite key as credentials. */
  protected get kiteKeyAuth(): Auth | null {
    return this.#kiteKey === undefined ? null : { type: 'kiteKey', key: this.#kiteKey };
  }

  #remote(found: Found): RemoteKite {
    return new RemoteKite(
      {
        newClient: <Remote>(url: string, options: object) => this.newClient<Remote>(url, options),
        renewer: (kite: Found) => renewer(this, kite),
      },
      found,
    );
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
    if (isKiteError(error) && error.code === PAIR_REVOKED) this.#member.trust.revokeOwn();
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
const PAIR_REVOKED = 'keyPairRevoked';
