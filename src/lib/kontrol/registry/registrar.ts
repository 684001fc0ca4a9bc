import { errorText } from '../../util/message-of.js';
import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { kitePath } from '../../protocol/identity.js';
import type { Request } from '../../kite/serve/request.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { hasSameKiteKey } from '../../keys/revoked-ids.js';
import type { VerifiedCaller } from '../tokens/credentials.js';
import type { KeyRing } from '../tokens/key-ring.js';
import type { Policy } from '../policy/policy.js';
import { idTakenError, registerAgainTime, storeUnavailableError } from './registration-outcome.js';
import { LostKites } from './lost-kites.js';
import { checkIdentity, parseUrlArgument } from './registration-record.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { StoreSync } from './store-sync.js';
import type { Revocations } from '../tokens/revocations.js';
import { isStorageError } from '../storage/shared/storage.js';
import type { FairTurns, Steps } from './fair-turns.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { LeaseTimings } from './lease-timings.js';
import { UserQuota } from './user-quota.js';
import { GO_AWAY_CODE } from '../../transport/channel/close-code.js';

/** The connection of a kite that registers. */
export type RegisteringPeer = Request['client'];

/** The result of a registration, in the terms of the protocol. */
export interface RegisterResult {
  readonly url: string;
  /** Seconds between heartbeats over HTTP. 0 over a connection: Kontrol then requests the heartbeats with `kite.heartbeat`. */
  readonly heartbeatInterval: number;
  /** The public key to trust from now on. Set if the caller's kite key was signed by a retired key pair. */
  readonly publicKey?: string;
  /** The kite key to use from now on. Set together with `publicKey`. */
  readonly kiteKey?: string;
  /** Public keys of Kontrol that were revoked and must no longer be trusted. */
  readonly revokedKeys?: readonly string[];
  /** Ids of revoked kite keys, for a kite over HTTP. */
  readonly revokedKiteKeys?: readonly string[];
}

export interface RegistrarOptions {
  readonly registry: Registry;
  readonly storeSync: StoreSync;
  readonly keyRing: KeyRing;
  readonly revocations: Revocations;
  readonly policy: Policy;
  readonly turns: FairTurns;
  readonly timings: LeaseTimings;
  readonly limits: KontrolLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A request to register a kite. */
export interface RegistrationRequest {
  readonly kite: KiteIdentity;
  /** The URL argument as sent by the caller, not validated yet. */
  readonly url: unknown;
  readonly key: VerifiedCaller;
}

interface ConnectedKite {
  entry: RegistryEntry;
  readonly ping: () => void;
  reviving: boolean;
}

/** WebSocket close codes of a kite that disconnects on purpose. */
const CLEAN_CLOSE_CODES: readonly number[] = [1000, 1001, 1005, GO_AWAY_CODE];

const REMOVED_PER_STEP = 16;

/** Registers kites, receives their heartbeats, and deregisters them when they disconnect. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #sessions = new Map<RegisteringPeer, Map<string, ConnectedKite>>();
  readonly #peers = new Map<string, RegisteringPeer>();
  /** Ids of kites over HTTP that must register again to learn about revocations. */
  readonly #mustReregister = new Set<string>();
  /** Registrations of new kites that the store has not confirmed. */
  readonly #unconfirmed: UserQuota;
  readonly #lost: LostKites;
  #closing = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#unconfirmed = new UserQuota({
      limits: options.limits,
      name: 'registrationsPerUser',
      what: 'registered kites',
      advice: 'close some of them',
    });
    this.#lost = new LostKites({
      ...options,
      isLost: (entry) => this.#isLost(entry),
      connected: () => this.connected,
    });
    options.registry.on('deregister', (entry, reason) => {
      if (reason === 'refused') this.#peers.get(entry.kite.id)?.close();
      this.#mustReregister.delete(entry.kite.id);
    });
    options.revocations.on('revoke', () => {
      for (const { origin, kite } of options.registry.entries())
        if (origin === 'http') this.#mustReregister.add(kite.id);
    });
  }

  /** Registers a kite for the lifetime of its connection, and requests its heartbeats. */
  async register(peer: RegisteringPeer, request: RegistrationRequest): Promise<RegisterResult> {
    const kites = this.#kitesOf(peer);
    const { entry, result } = await this.#admit(request, 'connection');
    // The connection may have ended during the write.
    if (this.#sessions.get(peer) !== kites) {
      this.#options.registry.remove(entry, 'left');
      throw new KiteError('disconnect', 'The connection ended');
    }
    this.#track(peer, kites, entry);
    return { ...result, heartbeatInterval: 0 };
  }

  /** Registers a kite that sends its heartbeats over HTTP. */
  async registerHttp(request: RegistrationRequest): Promise<RegisterResult> {
    const { result } = await this.#admit(request, 'http');
    // A connected kite gets the ids from `watchKeys`.
    const { ids: revokedKiteKeys } = this.#options.revocations;
    return {
      ...result,
      ...(revokedKiteKeys.length > 0 && { revokedKiteKeys }),
      heartbeatInterval: Math.round(this.#options.timings.heartbeat / 1000),
    };
  }

  /** Deregisters the kites of a connection, which stays open. */
  deregister(peer: RegisteringPeer): void {
    const kites = this.#sessions.get(peer);
    if (!kites) return;
    for (const { ping } of kites.values()) peer.forget(ping);
    this.#removeKites(peer, kites);
  }

  /** Deregisters a kite that is registered over HTTP. A kite that is not registered stays so. */
  deregisterHttp({ kite, key }: Pick<RegistrationRequest, 'kite' | 'key'>): void {
    const entry = this.#options.registry.get(kite.id);
    if (entry?.origin !== 'http') return;
    if (entry.kite.username !== key.username) throw idTakenError(kite.id);
    this.#options.registry.remove(entry, 'left');
  }

  /** A connected kite uses this kite key now: its registrations with a former form of it last as long as the new one. */
  renewed(peer: RegisteringPeer, key: VerifiedCaller): void {
    const at = registerAgainTime(key, 'connection', this.#options.clock.now());
    for (const entry of this.entriesOf(peer)) {
      const { kiteKey } = entry;
      if (kiteKey && hasSameKiteKey(kiteKey, key))
        entry.registerAgainAt = Math.max(entry.registerAgainAt, at);
    }
  }

  /** Handles a heartbeat over HTTP. */
  heartbeat(id: string): 'pong' | 'registeragain' {
    const { registry, clock } = this.#options;
    const entry = registry.get(id);
    if (this.#mustReregister.has(id)) return 'registeragain';
    if (entry && clock.now() >= entry.registerAgainAt) return 'registeragain';
    // Heartbeats over HTTP are not authenticated: they must not extend the lease of a connected kite.
    return entry?.origin === 'http' && registry.heartbeat(entry) ? 'pong' : 'registeragain';
  }

  /** Returns the connection over which the kite registered on this node. */
  peerOf(entry: RegistryEntry): RegisteringPeer | undefined {
    return entry.origin === 'connection' ? this.#peers.get(entry.kite.id) : undefined;
  }

  /** Returns the kites that were registered over a connection. */
  entriesOf(peer: RegisteringPeer): RegistryEntry[] {
    return [...(this.#sessions.get(peer)?.values() ?? [])].map(({ entry }) => entry);
  }

  /** Number of connected kites. */
  get connected(): number {
    return this.#peers.size;
  }

  /** Stops deregistering kites whose connections end: from now on, Kontrol itself closes them. */
  close(): void {
    this.#closing = true;
    this.#lost.close();
  }

  async #admit(
    request: RegistrationRequest,
    origin: 'connection' | 'http',
  ): Promise<{ entry: RegistryEntry; result: { url: string } }> {
    const { registry, keyRing, revocations, policy, clock, turns } = this.#options;
    const { key } = request;
    const url = parseUrlArgument(request.url);
    const kite = { ...request.kite, username: key.username };
    checkIdentity(kite);
    await turns.enter(key.username);
    if (!policy.allows('register', key.username, kite)) {
      const message = `The policy of this Kontrol does not allow ${key.username} to register ${kitePath(kite)}`;
      throw new KiteError('authenticationError', message);
    }
    const existing = registry.get(kite.id);
    if (existing && (existing.kite.username !== key.username || existing.origin === 'self'))
      throw idTakenError(kite.id);
    const isDue = clock.now() >= key.renewAt - TOKEN_LEEWAY;
    const renewal =
      isDue || key.pair.state === 'retired'
        ? { publicKey: keyRing.signing.publicKey, kiteKey: keyRing.renewKiteKey(key) }
        : {};
    const keyId = key.pair.state === 'retired' ? keyRing.signing.id : key.pair.id;
    const subject = { kite, url, keyId, registeredAt: existing?.registeredAt ?? clock.now() };
    const entry = await this.#store(subject, origin, key);
    entry.registerAgainAt = isDue ? key.sessionEnd : registerAgainTime(key, origin, clock.now());
    this.#mustReregister.delete(kite.id);
    const { keys: revokedKeys } = revocations;
    return { entry, result: { url, ...renewal, ...(revokedKeys.length > 0 && { revokedKeys }) } };
  }

  async #store(...[subject, origin, key]: Parameters<StoreSync['register']>): Promise<RegistryEntry> {
    const { registry, storeSync } = this.#options;
    const { id, username } = subject.kite;
    const isNew = registry.peek(id)?.kite.username !== username;
    if (isNew) this.#unconfirmed.take(username, registry.countOf(username));
    try {
      const entry = await storeSync.register(subject, origin, key);
      if (entry === 'taken') throw idTakenError(id);
      return entry;
    } catch (error) {
      if (isStorageError(error)) throw storeUnavailableError(error);
      throw error;
    } finally {
      if (isNew) this.#unconfirmed.release(username);
    }
  }

  #kitesOf(peer: RegisteringPeer): Map<string, ConnectedKite> {
    const existing = this.#sessions.get(peer);
    if (existing) return existing;
    const kites = new Map<string, ConnectedKite>();
    this.#sessions.set(peer, kites);
    peer.on('disconnect', (code) => this.#onDisconnect(peer, kites, code));
    return kites;
  }

  #track(peer: RegisteringPeer, kites: Map<string, ConnectedKite>, entry: RegistryEntry): void {
    const { id } = entry.kite;
    const previous = kites.get(id);
    if (previous) peer.forget(previous.ping);
    const ping = (): void => this.#onHeartbeat(peer, id);
    kites.set(id, { entry, ping, reviving: false });
    this.#peers.set(id, peer);
    const seconds = Math.round(this.#options.timings.heartbeat / 1000);
    peer.call('kite.heartbeat', [seconds, ping], { callbacks: 'connection' }).catch((error: unknown) => {
      this.#options.logger.debug(`${kitePath(entry.kite)} did not start its heartbeat: ${errorText(error)}`);
    });
  }

  #onHeartbeat(peer: RegisteringPeer, id: string): void {
    const connected = this.#sessions.get(peer)?.get(id);
    if (!connected || this.#peers.get(id) !== peer) return;
    if (this.#options.clock.now() >= connected.entry.registerAgainAt) {
      peer.close();
      return;
    }
    if (this.#options.registry.heartbeat(connected.entry) || connected.reviving || this.#closing) return;
    connected.reviving = true;
    this.#revive(connected)
      .catch((error: unknown) =>
        this.#options.logger.debug(`${id} could not be registered again: ${errorText(error)}`),
      )
      .finally(() => {
        connected.reviving = false;
      });
  }

  /** Registers a kite again whose heartbeats resume after its lease has ended. */
  async #revive(connected: ConnectedKite): Promise<void> {
    const { registry, keyRing } = this.#options;
    const { kite, keyId, kiteKey, registerAgainAt } = connected.entry;
    const other = registry.get(kite.id);
    // A heartbeat may arrive after the kite has registered at another node.
    if (other && (other.remote || other.kite.username !== kite.username)) return;
    if (keyRing.isRevokedBy(keyId, kiteKey)) return;
    connected.entry = await this.#store(connected.entry, 'connection', kiteKey);
    connected.entry.registerAgainAt = registerAgainAt;
  }

  #onDisconnect(peer: RegisteringPeer, kites: Map<string, ConnectedKite>, code: number): void {
    const entries = this.#forgetKites(peer, kites);
    // A broken connection may be restored soon.
    if (entries.length === 0 || this.#closing) return;
    this.#run(entries, CLEAN_CLOSE_CODES.includes(code) ? this.#removeAll(entries) : this.#lost.add(entries));
  }

  #removeKites(peer: RegisteringPeer, kites: Map<string, ConnectedKite>): void {
    const entries = this.#forgetKites(peer, kites);
    this.#run(entries, this.#removeAll(entries));
  }

  #run([first]: readonly RegistryEntry[], steps: Steps<void>): void {
    if (first) void this.#options.turns.run(first.kite.username, steps);
  }

  /** Forgets the kites of a connection, and returns those that have not registered over another one. */
  #forgetKites(peer: RegisteringPeer, kites: Map<string, ConnectedKite>): RegistryEntry[] {
    // A registration that is not complete yet then fails.
    if (this.#sessions.get(peer) === kites) this.#sessions.delete(peer);
    const entries = Array.from(kites.values(), ({ entry }) => entry).filter(
      ({ kite }) => this.#peers.get(kite.id) === peer,
    );
    for (const { kite } of entries) this.#peers.delete(kite.id);
    return entries;
  }

  /** Whether a kite has no connection, and has not registered again. */
  #isLost({ kite, origin }: RegistryEntry): boolean {
    return origin === 'connection' && !this.#peers.has(kite.id);
  }

  /** Removes the kites of a connection that has ended, unless they have registered again. */
  *#removeAll(entries: readonly RegistryEntry[]): Steps<void> {
    let removed = 0;
    for (const entry of entries) {
      if (this.#isLost(entry)) this.#options.registry.remove(entry, 'left');
      if (++removed % REMOVED_PER_STEP === 0) yield undefined;
    }
  }
}
