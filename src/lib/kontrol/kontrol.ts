/// <reference lib="esnext.disposable" preserve="true" />

import { errorText } from '../util/message-of.js';
import type { Kite } from '../kite/kite.js';
import type { CloseOptions } from '../kite/kite-options.js';
import { composeLimits } from '../kite/limits/compose-limits.js';
import { makeServerKite } from '../kite/server-kite.js';
import { type Clock, systemClock } from '../util/clock.js';
import { remoteIp } from '../transport/channel/remote-address.js';
import { lookupAddresses } from '../util/lookup-addresses.js';
import type { Logger } from '../util/logger.js';
import { StderrLogger } from '../util/stderr-logger.js';
import type { KontrolStatus } from './admin/administration.js';
import { AuditLog } from './admin/audit-log.js';
import { CredentialUses } from './tokens/credential-uses.js';
import type { Caller } from './tokens/caller.js';
import { Credentials } from './tokens/credentials.js';
import { HttpApi } from './http/http-api.js';
import { type InviteLifetimes, Invites } from './admin/invites.js';
import { infoOf, type KeyPairInfo, KeyRing } from './tokens/key-ring.js';
import { type KontrolOptions, checkOpenRegistration } from './kontrol-options.js';
import { MachineRegistration } from './admin/machine-registration.js';
import { defaultKontrolLimits } from './limits/kontrol-limits.js';
import { addMethods } from './kontrol-methods.js';
import { KontrolMetrics } from './http/kontrol-metrics.js';
import { UiFiles } from './http/ui-files.js';
import { ownPolicy, type Policy } from './policy/policy.js';
import { ReplaceablePolicy } from './policy/replaceable-policy.js';
import { FairTurns } from './registry/fair-turns.js';
import { Queries } from './registry/queries.js';
import { Registrar } from './registry/registrar.js';
import { checkKeyTtl, checkUsername } from './registry/registration-record.js';
import type { RegistryEntry } from './registry/registry-entry.js';
import { Registry } from './registry/registry.js';
import { steadyClock } from '../util/steady-clock.js';
import { StoreClock } from './registry/store-clock.js';
import { StoreSync } from './registry/store-sync.js';
import { Revocations } from './tokens/revocations.js';
import { SignIn } from './admin/sign-in.js';
import { SignInCodes } from './admin/sign-in-codes.js';
import { Signalling } from './signalling/signalling.js';
import type { Storage } from './storage/shared/storage.js';
import { defaultTimings, type LeaseTimings } from './registry/lease-timings.js';
import { TokenIssuer } from './tokens/token-issuer.js';
import {
  type KeyRevocation,
  type UserCredential,
  type UserRevocation,
  Users,
  type UserSummary,
} from './admin/users.js';
import { Watchers } from './registry/watchers.js';

/**
 * The registry and authentication server of kites: kites register with it, find each other through it, and get tokens from it
 * to call each other.
 *
 *     const kontrol = new Kontrol({ storage: openStorage({ type: 'memory' }, { clock, logger }), port: 4000 });
 *     await kontrol.listen();
 *
 * Lifecycle: the constructor, `listen`, `close`. Methods that need the store (key pairs, kite keys, invites) throw or reject
 * before `listen`.
 */
export class Kontrol {
  /** Kontrol's own kite, which is registered as well. */
  readonly kite: Kite;
  readonly username: string;
  readonly #options: KontrolOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timings: LeaseTimings;
  readonly #policy: ReplaceablePolicy;
  readonly #storage: Storage;
  readonly #registry: Registry;
  readonly #keyRing: KeyRing;
  readonly #credentials: Credentials;
  readonly #storeSync: StoreSync;
  readonly #registrar: Registrar;
  readonly #watchers: Watchers;
  readonly #invites: Invites;
  readonly #uses: CredentialUses;
  readonly #users: Users;
  readonly #metrics: KontrolMetrics;
  readonly #revoking = new Set<unknown>();
  readonly #audit: AuditLog | undefined;
  #selfEntry: RegistryEntry | undefined;
  #listeningSince: { readonly date: number; readonly monotonic: number } | undefined;
  #registering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError if an option is invalid */
  constructor(options: KontrolOptions) {
    const { storage, username = 'kontrol', clock = systemClock } = options;
    const limits = composeLimits(defaultKontrolLimits, options.limits);
    this.#options = options;
    this.username = checkUsername(username);
    this.#clock = clock;
    this.#storage = storage;
    const timings = { ...defaultTimings, ...options.timings };
    // No other node finds the kites of a store that only this one uses.
    this.#timings = storage.shared ? timings : { ...timings, handover: 0 };
    this.#policy = new ReplaceablePolicy(options.policy ?? ownPolicy(username));
    this.kite = this.#makeKite();
    this.#logger = options.logger ?? new StderrLogger({ level: this.kite.config.logLevel });
    const shared = {
      clock,
      logger: this.#logger,
      timings: this.#timings,
      policy: this.#policy,
      limits,
      turns: new FairTurns(),
    };
    // Only this node uses the leases in its memory and in its folder.
    const storeClock = new StoreClock(storage.shared ? clock : steadyClock(clock), this.#logger);
    const leases = { clock: storeClock };
    const registry = new Registry({ ...shared, ...this.#timings, ...leases });
    const kontrolUrl = (): string => this.url;
    const keyRing = new KeyRing({
      ...shared,
      storage,
      kontrolUser: username,
      kontrolUrl,
      initial: options.keyPair,
    });
    const uses = new CredentialUses({ storage, limits, clock });
    const storeSync = new StoreSync({ ...shared, storeClock, storage, registry, keyRing, uses });
    const revocations = new Revocations(keyRing, this.#logger);
    const registrar = new Registrar({ ...shared, registry, storeSync, keyRing, revocations });
    const onSign = (): void => this.#metrics.signed();
    const tokens = new TokenIssuer({
      ...shared,
      identity: this.kite.identity,
      keyRing,
      issuer: username,
      ttl: options.tokenTtl,
      onSign,
    });
    const { audit: write } = options;
    this.#audit = write && new AuditLog({ write, limits, clock });
    this.#watchers = new Watchers({ ...shared, registry, tokens, audit: this.#audit });
    this.#metrics = new KontrolMetrics({
      kites: () => registry.size,
      silentKites: () => registry.silent,
      connections: () => this.kite.connectionCount,
      watchers: () => this.#watchers.size,
      storeUp: () => storeSync.online,
      clockDifference: () => storeClock.ahead,
    });
    registry.on('update', ({ silentSince }, isOwn) => {
      if (isOwn) this.#metrics.updated(silentSince !== undefined);
    });
    this.#credentials = new Credentials({ keyRing, identity: this.kite.identity, limits, clock });
    this.#invites = new Invites(storage, leases.clock);
    this.#uses = uses;
    this.#users = new Users({ uses, invites: this.#invites, keyRing, registry, clock });
    keyRing.on('issue', (key) => {
      uses.issued(key);
      storeSync.recordUses();
    });
    const used = (caller: Caller): void => void this.#used(caller);
    [this.#registry, this.#keyRing, this.#storeSync, this.#registrar] = [
      registry,
      keyRing,
      storeSync,
      registrar,
    ];
    keyRing.on('change', () => this.#onKeyRingChange());
    const invites = this.#invites;
    const machineRegistration = {
      mode: options.registration ?? 'invite',
      kontrolUser: username,
      keyRing,
      invites,
      limits,
      clock,
    };
    const credentials = this.#credentials;
    const services = {
      ...shared,
      credentials,
      registry,
      registrar,
      tokens,
      keyRing,
      storeSync,
      watchers: this.#watchers,
      audit: this.#audit,
    };
    addMethods(this.kite, {
      admin: this,
      kontrolUser: username,
      registrar,
      keyRing,
      watchers: this.#watchers,
      credentials: this.#credentials,
      metrics: this.#metrics,
      revocations,
      revoking: this.#revoking,
      limits,
      audit: this.#audit,
      queries: new Queries(services),
      machineRegistration: new MachineRegistration(machineRegistration),
      signalling: options.webrtc ? new Signalling(services) : undefined,
      signIn:
        options.page === undefined
          ? undefined
          : new SignIn({
              codes: new SignInCodes(clock, limits),
              tokens,
              keyRing,
              selfEntry: () => this.#selfEntry,
            }),
    });
    new HttpApi({
      ...services,
      addressOf: (request) => this.kite.addressOf(request),
      used,
      metrics: this.#metrics,
      clockProblem: () => storeClock.problem,
    }).addTo(this.kite);
  }

  /** The URL under which kites reach Kontrol, as written in kite keys: the option `url`, or the URL at which it listens. */
  get url(): string {
    return this.#options.url ?? this.kite.url ?? '';
  }

  /**
   * Opens the store, loads its registrations and key pairs, and starts listening. Rejects if the store cannot be opened or the
   * port is in use, and with a ConfigurationError if open registration is not allowed at this address.
   */
  async listen(): Promise<void> {
    try {
      await checkOpenRegistration(this.#options, this.kite.config.ip, lookupAddresses);
      await this.#servePage();
      this.#warnOfDeepPaths();
      await this.#storeSync.open();
      await this.kite.listen();
      this.#listeningSince = { date: this.#clock.now(), monotonic: this.#clock.monotonic() };
      await this.#registerSelf();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes all connections and the store. Registrations stay in the store until their leases end. */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /**
   * Creates a one-time invite for `username`. `ttl`: lifetime in milliseconds. Default: 24 hours. `keyTtl`: lifetime of the kite
   * key; a kite renews its key when it registers. Default: the key does not expire. Rejects if the username or a lifetime is not
   * valid, or if the store is unavailable.
   */
  async invite(username: string, { ttl, keyTtl }: InviteLifetimes = {}): Promise<string> {
    return this.#invites.issue(checkUsername(username), { ttl, keyTtl: checkKeyTtl(keyTtl) });
  }

  /**
   * Creates a kite key for a user, signed with the current key pair. `ttl`: its lifetime in milliseconds. Default: it does not
   * expire. Rejects if the username or the lifetime is not valid.
   */
  async newKiteKey(username: string, { ttl }: { readonly ttl?: number | undefined } = {}): Promise<string> {
    return this.#keyRing.newKiteKey(checkUsername(username), checkKeyTtl(ttl));
  }

  /** Returns all key pairs, newest first. */
  keyPairs(): readonly KeyPairInfo[] {
    return this.#keyRing.pairs.map(infoOf);
  }

  /**
   * Creates a key pair and signs with it from now on. Kite keys and tokens signed with the previous pairs stay valid; kites
   * get a new kite key when they next register.
   */
  rotate(): Promise<KeyPairInfo> {
    return this.#keyRing.rotate();
  }

  /**
   * Revokes a key pair: refuses everything it signed, and ends the registrations and connections made with it. Does nothing if
   * the pair is revoked already. Rejects with the ConfigurationError `unknownKeyPair` for an unknown id.
   */
  revoke(id: string): Promise<KeyPairInfo> {
    return this.#keyRing.revoke(id);
  }

  /**
   * Revokes one kite key by its `jti`, with everything that descends from it: registrations, connections, watches, tokens and
   * renewed forms of the key, at this node and the others, and at the kites that are connected to them. Resolves with whether a
   * node has issued or seen the key; an unknown key is revoked as well. Rejects if the id is not a UUID.
   */
  revokeKiteKey(jti: string): Promise<KeyRevocation> {
    return this.#users.revokeKey(jti);
  }

  /** Returns the users with registered kites, and those whose credentials a node has issued or seen. */
  users(): Promise<readonly UserSummary[]> {
    return this.#users.list();
  }

  /** Returns the kite keys and sessions of a user that a node has issued or seen. Rejects with `unknownUser` if there are none. */
  user(username: string): Promise<readonly UserCredential[]> {
    return this.#users.credentials(username);
  }

  /** Revokes every kite key that a user has now; see `revokeKiteKey`. Unused invites of the user are deleted. */
  revokeUser(username: string): Promise<UserRevocation> {
    return this.#users.revoke(username);
  }

  /** Returns the state of this node: its URL, its numbers of kites and watchers, and its store. */
  status(): KontrolStatus {
    const { online, problem } = this.#storeSync;
    const since = this.#listeningSince;
    return {
      url: this.url,
      version: this.kite.identity.version,
      kites: this.#registry.size,
      connected: this.#registrar.connected,
      watchers: this.#watchers.size,
      storage: { name: this.#storage.name, online, ...(problem !== '' && { problem }) },
      policy: this.#policy.name,
      registration: this.#options.registration ?? 'invite',
      uptime: Math.floor((since === undefined ? 0 : this.#clock.monotonic() - since.monotonic) / 1000),
      keyId: this.#keyRing.signing.id,
    };
  }

  /**
   * Replaces the policy. It decides about everything from now on; connections stay. Kites that have registered stay registered
   * until they register again, and tokens that were issued stay valid until they expire.
   */
  usePolicy(policy: Policy): void {
    this.#policy.current = policy;
    this.#warnOfDeepPaths();
  }

  #warnOfDeepPaths(): void {
    for (const path of this.#policy.deepTokenPaths) this.#logger.warn(deepPathWarning(path));
  }

  async #servePage(): Promise<void> {
    const folder = this.#options.page;
    if (folder === undefined) return;
    const page = await UiFiles.read(folder);
    this.kite.handleHttp('/', (request, response) => page.serve(request, response));
  }

  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options?: CloseOptions): Promise<void> {
    if (this.#selfEntry) this.#registry.remove(this.#selfEntry, 'left');
    await this.kite.close(options);
    this.#registry.close();
    await this.#storeSync.close();
    this.#audit?.flush();
  }

  #makeKite(): Kite {
    const { port = 4000, allowOrigin, allowedHosts, url, registerUrl } = this.#options;
    const { username } = this;
    const own = { username, kiteKey: false, port, allowOrigin, allowedHosts } as const;
    // The key ring reflects revocations.
    const credentialChecks = {
      kiteKey: (key: string) => this.#used(this.#credentials.verifyKiteKey(key)),
      token: (key: string) => this.#used(this.#credentials.verifyToken(key)),
    };
    const kite = makeServerKite('kontrol', this.#options, own, {
      credentialChecks,
      authenticationFailed: (method, remoteAddress, error) =>
        this.#audit?.refused({ method, user: '', address: remoteIp(remoteAddress) }, error),
    });
    for (const name of [url, registerUrl]) if (name !== undefined) kite.knownAs(name);
    kite.beforeClose(() => this.#registrar.close());
    return kite;
  }

  #used<Used extends Caller>(caller: Used): Used {
    this.#uses.used(caller);
    this.#storeSync.recordUses();
    return caller;
  }

  /** Registers Kontrol's own kite with the signing key pair, again if the pair has changed meanwhile. */
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
        registeredAt: this.#listeningSince?.date ?? this.#clock.now(),
      };
      const entry = await this.#storeSync.register(subject, 'self');
      if (entry === 'taken')
        throw new Error(`The id ${identity.id} of Kontrol's kite is registered by another user`);
      this.#selfEntry = entry;
    } while (keyId !== this.#keyRing.signing.id && !this.#closing);
  }

  /** A key pair or a kite key was revoked, or the signing key pair has changed. */
  #onKeyRingChange(): void {
    for (const entry of Array.from(this.#registry.entries())) {
      if (entry === this.#selfEntry || !this.#keyRing.isRevokedBy(entry.keyId, entry.kiteKey)) continue;
      this.#registry.remove(entry, 'refused');
    }
    this.kite.endRevoked(this.#revoking);
    if (!this.#selfEntry || this.#selfEntry.keyId === this.#keyRing.signing.id || this.#closing) return;
    this.#registerSelf().catch((error: unknown) => this.#logger.warn(errorText(error)));
  }
}

function deepPathWarning(path: string): string {
  return `The policy has a rule for tokens of ${JSON.stringify(path)}: kites in Go accept such a token at every kite of the same user, environment and name`;
}
