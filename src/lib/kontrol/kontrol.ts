import type { Kite } from '../kite/kite.js';
import type { CloseOptions } from '../kite/kite-options.js';
import { makeServerKite } from '../kite/server-kite.js';
import { type Clock, systemClock } from '../util/clock.js';
import { lookupAddresses } from '../util/lookup-addresses.js';
import type { Logger } from '../util/logger.js';
import { StderrLogger } from '../util/stderr-logger.js';
import type { KontrolStatus } from './admin/administration.js';
import { Credentials } from './tokens/credentials.js';
import { HttpApi } from './http/http-api.js';
import { Invites } from './admin/invites.js';
import { infoOf, type KeyPairInfo, KeyRing } from './tokens/key-ring.js';
import { type KontrolOptions, refuseOpenRegistration } from './kontrol-options.js';
import { MachineRegistration } from './admin/machine-registration.js';
import { defaultKontrolLimits } from './limits/kontrol-limits.js';
import { addMethods } from './kontrol-methods.js';
import { KontrolMetrics } from './http/kontrol-metrics.js';
import { UiFiles } from './http/ui-files.js';
import { ownPolicy, type Policy } from './policy/policy.js';
import { Queries } from './registry/queries.js';
import { Registrar } from './registry/registrar.js';
import { checkUsername } from './registry/registration-record.js';
import type { RegistryEntry } from './registry/registry-entry.js';
import { Registry } from './registry/registry.js';
import { StoreSync } from './registry/store-sync.js';
import { Revocations } from './tokens/revocations.js';
import { SignIn } from './admin/sign-in.js';
import { SignInCodes } from './admin/sign-in-codes.js';
import { Signalling } from './signalling/signalling.js';
import type { Storage } from './storage/shared/storage.js';
import { defaultTimings, type LeaseTimings } from './registry/lease-timings.js';
import { TokenIssuer } from './tokens/token-issuer.js';
import { Watchers } from './registry/watchers.js';

/**
 * The registry and authority of kites: they register here, are found here, and get here the tokens with which they call
 * each other.
 *
 *     const kontrol = new Kontrol({ storage: openStorage({ kind: 'memory' }, { clock, logger }), port: 4000 });
 *     await kontrol.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`. What only makes sense once the store has been read (keys, invites)
 * rejects or throws before `listen`.
 */
export class Kontrol {
  /** Its own kite, which is registered too. */
  readonly kite: Kite;
  readonly username: string;
  readonly #options: KontrolOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timings: LeaseTimings;
  readonly #policy: Policy;
  readonly #storage: Storage;
  readonly #registry: Registry;
  readonly #keyRing: KeyRing;
  readonly #credentials: Credentials;
  readonly #replica: StoreSync;
  readonly #registrar: Registrar;
  readonly #watchers: Watchers;
  readonly #invites: Invites;
  readonly #metrics: KontrolMetrics;
  #self: RegistryEntry | undefined;
  #listening: number | undefined;
  #registering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError for an option that is wrong */
  constructor(options: KontrolOptions) {
    const { storage, username = 'kontrol', clock = systemClock } = options;
    this.#options = options;
    this.username = checkUsername(username);
    this.#clock = clock;
    this.#storage = storage;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#policy = options.policy ?? ownPolicy(username);
    this.kite = this.#makeKite();
    this.#logger = options.logger ?? new StderrLogger({ level: this.kite.config.logLevel });
    const limits = { ...defaultKontrolLimits, ...options.limits };
    const shared = { clock, logger: this.#logger, timings: this.#timings, policy: this.#policy, limits };
    const registry = new Registry({ clock, lease: this.#timings.lease });
    const kontrolUrl = (): string => this.url;
    const keyRing = new KeyRing({
      storage,
      clock,
      kontrolUser: username,
      kontrolUrl,
      initial: options.keyPair,
    });
    const replica = new StoreSync({ ...shared, storage, registry, keyRing });
    const revocations = new Revocations(keyRing);
    const registrar = new Registrar({ ...shared, registry, replica, keyRing, revocations });
    const onSign = (): void => this.#metrics.signed();
    const tokens = new TokenIssuer({ ...shared, keyRing, issuer: username, ttl: options.tokenTtl, onSign });
    this.#watchers = new Watchers({ ...shared, registry, tokens });
    this.#metrics = new KontrolMetrics({
      kites: () => registry.size,
      connections: () => this.kite.connectionCount,
      watchers: () => this.#watchers.size,
      storeUp: () => replica.online,
    });
    this.#credentials = new Credentials({ keyRing, identity: this.kite.identity, limits, clock });
    this.#invites = new Invites(storage, clock);
    [this.#registry, this.#keyRing, this.#replica, this.#registrar] = [registry, keyRing, replica, registrar];
    keyRing.on('change', () => this.#keysChanged());
    this.#addAuthentication();
    const invites = this.#invites;
    const machines = {
      mode: options.registration ?? 'invite',
      kontrolUser: username,
      keyRing,
      invites,
      limits,
      clock,
    };
    const parts = { ...shared, registry, registrar, tokens, keyRing, replica, watchers: this.#watchers };
    addMethods(this.kite, {
      administered: this,
      kontrolUser: username,
      registrar,
      keyRing,
      watchers: this.#watchers,
      credentials: this.#credentials,
      metrics: this.#metrics,
      revocations,
      queries: new Queries(parts),
      machines: new MachineRegistration(machines),
      signalling: options.webrtc ? new Signalling(parts) : undefined,
      signIn:
        options.page === undefined
          ? undefined
          : new SignIn({ codes: new SignInCodes(clock, limits), tokens, self: () => this.#self }),
    });
    new HttpApi({ ...parts, credentials: this.#credentials, metrics: this.#metrics }).addTo(this.kite);
  }

  /** Where kites find it: the option `url`, else where it listens. Stands in every kite key. */
  get url(): string {
    return this.#options.url ?? this.kite.url ?? '';
  }

  /**
   * Opens the store, takes over what is in it, and listens. Rejects with what stands in the way, and with a
   * ConfigurationError where open registration would let strangers in.
   */
  async listen(): Promise<void> {
    try {
      await refuseOpenRegistration(this.#options, this.kite.config.ip, lookupAddresses);
      await this.#servePage();
      await this.#replica.open();
      await this.kite.listen();
      this.#listening = this.#clock.now();
      await this.#registerSelf();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Says goodbye to everybody. Kites stay registered in the store for as long as their leases last. */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** A one-time invite with which `username` gets a kite key, good for `ttl` milliseconds, by default a day. */
  invite(username: string, { ttl }: { readonly ttl?: number } = {}): Promise<string> {
    return this.#invites.issue(checkUsername(username), ttl);
  }

  /** A kite key for a user, signed by the current pair. */
  newKiteKey(username: string): Promise<string> {
    return Promise.resolve(this.#keyRing.newKiteKey(checkUsername(username)));
  }

  /** Every key pair, the newest first. */
  keyPairs(): readonly KeyPairInfo[] {
    return this.#keyRing.pairs.map(infoOf);
  }

  /** Has a new key pair sign. What the others signed stays valid; kites get a fresh kite key when they next register. */
  rotate(): Promise<KeyPairInfo> {
    return this.#keyRing.rotate();
  }

  /** Refuses what the key pair signed, and ends the registrations of kites that hold its kite keys. */
  revoke(id: string): Promise<KeyPairInfo> {
    return this.#keyRing.revoke(id);
  }

  /** Refuses one kite key, by its `jti`, and ends the registrations that were made with it. */
  revokeKiteKey(jti: string): Promise<void> {
    return this.#keyRing.revokeKiteKey(jti);
  }

  status(): KontrolStatus {
    const { online, problem } = this.#replica;
    return {
      url: this.url,
      version: this.kite.identity.version,
      kites: this.#registry.size,
      connected: this.#registrar.connected,
      watchers: this.#watchers.size,
      storage: { name: this.#storage.name, online, ...(problem !== '' && { problem }) },
      policy: this.#policy.name,
      registration: this.#options.registration ?? 'invite',
      uptime: Math.floor((this.#clock.now() - (this.#listening ?? this.#clock.now())) / 1000),
      keyId: this.#keyRing.signing.id,
    };
  }

  async #servePage(): Promise<void> {
    const folder = this.#options.page;
    if (folder === undefined) return;
    const page = await UiFiles.read(folder);
    this.kite.handleHttp('/', (request, response) => page.answer(request, response));
  }

  async #close(options?: CloseOptions): Promise<void> {
    this.#registrar.close();
    if (this.#self) this.#registry.remove(this.#self, 'left');
    await this.kite.close(options);
    this.#registry.close();
    await this.#replica.close();
  }

  #makeKite(): Kite {
    const { port = 4000, allowOrigin, allowedHosts, url, registerUrl } = this.#options;
    const { username } = this;
    const own = { username, kiteKey: false, port, allowOrigin, allowedHosts } as const;
    const kite = makeServerKite('kontrol', this.#options, own);
    for (const name of [url, registerUrl]) if (name !== undefined) kite.knownAs(name);
    return kite;
  }

  /** Callers are checked against the key ring, which may refuse today what it accepted yesterday. */
  #addAuthentication(): void {
    this.kite.authenticate('kiteKey', (key) => this.#credentials.verifyKiteKey(key).username);
    this.kite.authenticate('token', (key) => this.#credentials.verifyToken(key));
  }

  /** Registers its own kite, with the pair that signs. Where another one signs by then, once more. */
  #registerSelf(): Promise<void> {
    this.#registering ??= this.#register().finally(() => {
      this.#registering = undefined;
    });
    return this.#registering;
  }

  async #register(): Promise<void> {
    const { identity } = this.kite;
    let keyId: string;
    do {
      keyId = this.#keyRing.signing.id;
      const subject = {
        kite: identity,
        url: this.#options.registerUrl ?? this.url,
        keyId,
        registeredAt: this.#listening ?? this.#clock.now(),
      };
      const entry = await this.#replica.register(subject, 'self');
      if (entry === 'taken')
        throw new Error(`The store has a kite of another user with the id ${identity.id}`);
      this.#self = entry;
    } while (keyId !== this.#keyRing.signing.id && !this.#closing);
  }

  /** A pair or a kite key was revoked, or another pair signs now. */
  #keysChanged(): void {
    for (const entry of Array.from(this.#registry.entries())) {
      const revoked = this.#keyRing.get(entry.keyId)?.state === 'revoked';
      if (entry === this.#self || !(revoked || this.#keyRing.isRevokedKiteKey(entry.kiteKeyId))) continue;
      this.#registry.remove(entry, 'refused');
    }
    if (!this.#self || this.#self.keyId === this.#keyRing.signing.id || this.#closing) return;
    this.#registerSelf().catch((error: unknown) => this.#logger.warn(String(error)));
  }
}
