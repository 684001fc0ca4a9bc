import { messageOf } from '../../util/message-of.js';
import { hasCode } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { SendHttp } from '../../transport/forward-proxy/http-request.js';
import type { BackoffOptions } from '../../util/backoff.js';
import { type KiteKey, parseKiteKey, renewalTime } from '../../keys/kite-key.js';
import { type Clock, systemClock, type Timer } from '../../util/clock.js';
import { withDeadline } from '../../util/deadline.js';
import type { Logger } from '../../util/logger.js';
import { record } from '../../util/record.js';
import type { Auth } from '../call/client.js';
import type { ConnectAt } from '../call/kite-path.js';
import { DEREGISTER_TIMEOUT } from '../limits/kite-limits.js';
import { KontrolTime } from '../call/kontrol-time.js';
import { applyFreshKey } from './apply-fresh-key.js';
import { HttpRegistration } from './http-registration.js';
import { LinkedKontrolClient, type LinkedKontrolClientOptions } from './linked-kontrol-client.js';
import { KontrolLink } from './kontrol-link.js';
import { KontrolRegistrant } from './kontrol-registrant.js';
import type { GetKitesOptions } from './kontrol-client.js';
import { type RegisterResponse, readRevokedIds, readStrings } from './kontrol-responses.js';
import type { KiteEvent, KiteWatch } from './kite-watch.js';
import { type OwnUrl, reachabilityWarning, resolveOwnUrl } from './own-url.js';
import { PERMANENT_FAILURE_RETRY } from './permanent-failure.js';
import type { Registration } from './registration.js';
import type { RemoteKite } from './remote-kite.js';

/** The keys of Kontrol that a kite trusts. */
export interface KontrolKeys {
  /** Replaces the kite key. Throws if the new one cannot be used. */
  use(jwt: string): void;
  /** Stops trusting these public keys of Kontrol, in PEM. */
  revoke(keys: readonly string[]): void;
  /** Stops trusting the key pair that signed the kite key of this kite. */
  revokeOwn(): void;
  /** Rejects what descends from the kite keys with these ids. */
  revokeIds(ids: readonly string[]): void;
  /** Rejects what descends from the kite key of this kite. */
  revokeOwnKey(): void;
  /** Releases timers when the kite has closed. */
  close(): void;
}

/** The URLs of a kite. */
export interface KiteAddress {
  /** Returns the URL for other machines. Rejects if the kite does not listen. */
  registerUrl(): Promise<string>;
  /** Accepts requests for the host of this URL. */
  knownAs(url: string): void;
}

export interface KontrolMemberOptions {
  readonly identity: KiteIdentity;
  /** URLs of Kontrol, in order of preference. */
  readonly urls: readonly string[];
  /** The initial kite key. */
  readonly kiteKey: string | undefined;
  readonly keys: KontrolKeys;
  readonly address: KiteAddress;
  readonly newClient: LinkedKontrolClientOptions['newClient'];
  /** Connects to Kontrol at a URL. */
  readonly connectAt: ConnectAt;
  /** Called when the kite has registered with Kontrol under `url`. */
  readonly registered: (url: string) => void;
  /** Called when an attempt to register has failed. */
  readonly registerFailed: (error: Error) => void;
  /** Stores a fresh kite key. */
  readonly saveKiteKey?: ((jwt: string) => void | Promise<void>) | undefined;
  /** Timeout of HTTP requests in milliseconds; 0 means none. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends the requests of registrations over HTTP. */
  readonly sendHttp: SendHttp;
  readonly backoff?: BackoffOptions | undefined;
}

/** Options of a registration with Kontrol. */
export interface RegisterOptions {
  /** URL under which other kites reach this one. Default: `registerUrl()`. */
  readonly url?: string;
}

/** Minimum delay before a kite key that Kontrol did not renew is due again, in milliseconds. */
const MIN_RENEWAL_DELAY = 10_000;

/** Returns when a kite key that Kontrol did not renew is due again, if it expires in `left` milliseconds. */
function renewalRetry(left: number): number {
  return left > 0 ? Math.max(left / 4, MIN_RENEWAL_DELAY) : PERMANENT_FAILURE_RETRY;
}

/** A link to Kontrol, and the parts that use it. */
interface KontrolParts {
  readonly link: KontrolLink;
  readonly client: LinkedKontrolClient;
  readonly registrant: KontrolRegistrant;
}

/**
 * The part of a kite that uses Kontrol: registers the kite, finds other kites and gets tokens to call them. `Kite` documents
 * the methods.
 *
 * Lifecycle: any number of calls, then `retire`, then `close`.
 */
export class KontrolMember {
  readonly #options: KontrolMemberOptions;
  readonly #httpRegistrations = new Set<HttpRegistration>();
  readonly #revoked = (keys: unknown, ids: unknown): void =>
    this.#revoke(readStrings(keys), readRevokedIds(ids));
  #auth: Auth | null;
  #registers = false;
  #retired = false;
  #closed = false;
  #parts: KontrolParts | undefined;
  #keyRenewal: Timer | undefined;
  readonly #time: KontrolTime;

  constructor(options: KontrolMemberOptions) {
    this.#options = options;
    this.#time = new KontrolTime(options.clock);
    const { kiteKey } = options;
    this.#auth = kiteKey === undefined ? null : { type: 'kiteKey', key: kiteKey };
  }

  /** Whether a Kontrol is configured. */
  get hasUrls(): boolean {
    return this.#options.urls.length > 0;
  }

  /** The kite key as credentials. */
  get auth(): Auth | null {
    return this.#auth;
  }

  /** Whether this kite has begun to register. */
  get registers(): boolean {
    return this.#registers;
  }

  async register({ url }: RegisterOptions = {}): Promise<{ readonly url: string }> {
    this.#registers = true;
    return this.#open().registrant.register(await this.#ownUrl(url));
  }

  async registerForever({ url }: RegisterOptions = {}): Promise<Registration> {
    this.#registers = true;
    return this.#open().registrant.registerForever(await this.#ownUrl(url));
  }

  async registerHttp({ url }: RegisterOptions = {}): Promise<Registration> {
    this.#registers = true;
    const registration = new HttpRegistration({
      ...this.#options,
      url: await this.#ownUrl(url),
      kite: this.#options.identity,
      auth: () => this.auth,
      time: this.#time,
      registered: (response) => this.#registered(response),
      failed: (error) => this.#registerFailed(error),
    });
    if (this.#retired) registration.stop();
    this.#httpRegistrations.add(registration);
    return registration.start();
  }

  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#open().client.getKites(query, options);
  }

  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#open().client.getToken(query, options);
  }

  getKey(): Promise<string> {
    return this.#open().client.getKey();
  }

  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#open().client.watchKites(query, listener);
  }

  /** Ends registrations and watches; pending ones reject. Calls can still be made. */
  retire(): void {
    this.#retired = true;
    this.#keyRenewal?.cancel();
    for (const registration of this.#httpRegistrations) registration.stop();
    this.#parts?.link.retire();
  }

  /** Ends the registrations at Kontrol, so that its watchers are notified, and nobody finds the kite. Never rejects. */
  async deregister(): Promise<void> {
    this.retire();
    const ends = Array.from(this.#httpRegistrations, (registration) => registration.deregister());
    ends.push(this.#parts?.link.deregister(DEREGISTER_TIMEOUT) ?? Promise.resolve());
    const onTimeout = (): Error => new Error('Kontrol does not respond');
    // A kite also closes if the clock of the program stands still.
    const deadline = { clock: systemClock, ms: DEREGISTER_TIMEOUT, onTimeout };
    await withDeadline(Promise.all(ends), deadline).catch(() => undefined);
  }

  /** Closes the connection to Kontrol. */
  close(): void {
    this.retire();
    this.#closed = true;
    this.#options.keys.close();
    this.#parts?.link.close();
  }

  /** Returns the URL to register, or a function that tries again to find it. Rejects if the kite does not listen. */
  async #ownUrl(explicitUrl: string | undefined): Promise<OwnUrl> {
    const find = async (): Promise<string> => {
      const { address, urls, logger } = this.#options;
      const url = explicitUrl ?? (await address.registerUrl());
      address.knownAs(url);
      const warning = reachabilityWarning(url, urls);
      if (warning !== undefined) logger.warn(warning);
      return url;
    };
    return resolveOwnUrl(find);
  }

  /** Returns the link to Kontrol and its parts, which are created on first use. */
  #open(): KontrolParts {
    if (this.#parts) return this.#parts;
    const options = {
      ...this.#options,
      auth: () => this.auth,
      registered: (response: RegisterResponse) => this.#registered(response),
      registerFailed: (error: Error) => this.#registerFailed(error),
      failed: (error: unknown) => this.#callFailed(error),
    };
    const link = new KontrolLink(options);
    if (this.#retired) link.retire();
    if (this.#closed) link.close();
    this.#parts = {
      link,
      client: new LinkedKontrolClient(options, link),
      registrant: new KontrolRegistrant(options, link),
    };
    return this.#parts;
  }

  async #registered({ url, kiteKey, revokedKeys, revokedKiteKeys }: RegisterResponse): Promise<void> {
    this.#revoke(revokedKeys, revokedKiteKeys);
    if (kiteKey !== undefined) await this.#applyKey(kiteKey);
    void this.#watchKeys();
    this.#scheduleKeyRenewal();
    this.#options.registered(url);
  }

  /** Registers again when the kite key is due, so that Kontrol renews it, until it has done so. */
  #scheduleKeyRenewal(): void {
    this.#keyRenewal?.cancel();
    if (this.#retired || this.#auth === null) return;
    const key = readKiteKey(this.#auth.key);
    if (key?.expiresAt === undefined) return;
    const now = this.#time.now();
    const wait = renewalTime(key) - now;
    // Kontrol has not renewed it although it is due, for example because it failed, or because its clock is behind.
    const delay = wait > 0 ? wait : renewalRetry(key.expiresAt - now);
    this.#keyRenewal = this.#options.clock.setTimeout(() => {
      // A successful registration replaces this.
      this.#scheduleKeyRenewal();
      this.#renewKey();
    }, delay);
  }

  #renewKey(): void {
    this.#parts?.link.emit('renewKey');
    for (const registration of this.#httpRegistrations) registration.again();
  }

  #registerFailed(error: Error): void {
    this.#callFailed(error);
    this.#options.registerFailed(error);
  }

  /** Handles an error of Kontrol. */
  #callFailed(error: unknown): void {
    if (hasCode(error, 'keyPairRevoked')) this.#options.keys.revokeOwn();
    if (hasCode(error, 'kiteKeyRevoked')) this.#options.keys.revokeOwnKey();
  }

  #revoke(keys: readonly string[], ids: readonly string[]): void {
    this.#options.keys.revoke(keys);
    this.#options.keys.revokeIds(ids);
  }

  #applyKey(kiteKey: string): Promise<void> {
    const { keys, saveKiteKey: save, logger } = this.#options;
    const use = (auth: Auth): void => {
      keys.use(kiteKey);
      this.#auth = auth;
      this.#parts?.link.renewAuth();
    };
    return applyFreshKey(kiteKey, { use, save, logger });
  }

  /** Watches for revoked key pairs and kite keys, over the connection to Kontrol if there is one. */
  async #watchKeys(): Promise<void> {
    try {
      const { client } = this.#parts?.link ?? {};
      const response = record(await client?.call('watchKeys', [this.#revoked], { callbacks: 'connection' }));
      this.#revoked(response['revokedKeys'], response['revokedKiteKeys']);
    } catch (error) {
      // Kontrol in Go does not have this method. The response to the next registration lists revoked keys.
      this.#options.logger.debug(`Kontrol does not report revoked keys: ${messageOf(error)}`);
    }
  }
}

/** Returns the kite key; undefined if it cannot be parsed. Only Kontrol decides whether it is valid. */
function readKiteKey(jwt: string): KiteKey | undefined {
  try {
    return parseKiteKey(jwt);
  } catch {
    return undefined;
  }
}
