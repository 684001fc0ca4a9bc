import { codedError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { kitePath } from '../../protocol/identity.js';
import type { Request } from '../../kite/serve/request.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { VerifiedKiteKey } from '../tokens/credentials.js';
import type { KeyRing } from '../tokens/key-ring.js';
import type { Policy } from '../policy/policy.js';
import { checkIdentity, urlArgument } from './registration-record.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { StoreSync } from './store-sync.js';
import type { Revocations } from '../tokens/revocations.js';
import { isStorageError, type StorageError } from '../storage/shared/storage.js';
import type { LeaseTimings } from './lease-timings.js';

/** Whoever is connected and has registered, or wants to. */
export type RegisteringPeer = Request['client'];

/** What a kite gets for its registration, as the protocol names it. */
export interface RegisterResult {
  readonly url: string;
  /** Seconds; 0 over a connection, where Kontrol asks for the heartbeat itself. */
  readonly heartbeatInterval: number;
  /** The public key to trust from now on, where the caller's kite key was signed by a retired pair. */
  readonly publicKey?: string;
  /** The kite key to use from now on. */
  readonly kiteKey?: string;
  /** Public keys of Kontrol's that are not to be trusted any more, where there are any. */
  readonly revokedKeys?: readonly string[];
}

export interface RegistrarOptions {
  readonly registry: Registry;
  readonly replica: StoreSync;
  readonly keyRing: KeyRing;
  readonly revocations: Revocations;
  readonly policy: Policy;
  readonly timings: LeaseTimings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who registers what, with which proof. */
export interface Applicant {
  readonly kite: KiteIdentity;
  /** What the caller sent for a URL. */
  readonly url: unknown;
  readonly key: VerifiedKiteKey;
}

interface Held {
  entry: RegistryEntry;
  readonly ping: () => void;
  reviving: boolean;
}

/** WebSocket codes with which a kite says goodbye, as opposed to a connection that broke. */
const GOODBYES: readonly number[] = [1000, 1001, 1005, 3000];

/** Lets kites in, hears their heartbeats, and notices when they go. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #sessions = new Map<RegisteringPeer, Map<string, Held>>();
  readonly #peers = new Map<string, RegisteringPeer>();
  /** Kites over HTTP that are to register again, so that they hear of what was revoked. */
  readonly #again = new Set<string>();
  #closing = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    options.registry.on('deregister', (entry, why) => {
      if (why === 'refused') this.#peers.get(entry.kite.id)?.close();
      this.#again.delete(entry.kite.id);
    });
    options.revocations.on('revoke', () => {
      for (const { origin, kite } of options.registry.entries())
        if (origin === 'http') this.#again.add(kite.id);
    });
  }

  /** Registers a kite for as long as its connection lasts, and asks it for its heartbeat. */
  async register(peer: RegisteringPeer, applicant: Applicant): Promise<RegisterResult> {
    const held = this.#openSession(peer);
    const { entry, result } = await this.#admit(applicant, 'connection');
    // It may have gone while the store was writing.
    if (this.#sessions.get(peer) !== held) {
      this.#options.registry.remove(entry, 'left');
      throw new KiteError('disconnect', 'The connection ended');
    }
    this.#hold(peer, held, entry);
    return { ...result, heartbeatInterval: 0 };
  }

  /** Registers a kite that is going to call `heartbeat` over HTTP. */
  async registerHttp(applicant: Applicant): Promise<RegisterResult> {
    const { result } = await this.#admit(applicant, 'http');
    return { ...result, heartbeatInterval: Math.round(this.#options.timings.heartbeat / 1000) };
  }

  /** A sign of life over HTTP. */
  heartbeat(id: string): 'pong' | 'registeragain' {
    const entry = this.#options.registry.get(id);
    if (this.#again.has(id)) return 'registeragain';
    // A kite that is connected has no need of this; anybody who knows its id could call.
    return entry?.origin === 'http' && this.#options.registry.beat(entry) ? 'pong' : 'registeragain';
  }

  /** The connection over which this kite has registered here. */
  peerOf(entry: RegistryEntry): RegisteringPeer | undefined {
    return entry.origin === 'connection' ? this.#peers.get(entry.kite.id) : undefined;
  }

  /** The kites that were registered over a connection. */
  entriesOf(peer: RegisteringPeer): RegistryEntry[] {
    return [...(this.#sessions.get(peer)?.values() ?? [])].map(({ entry }) => entry);
  }

  /** How many kites are connected. */
  get connected(): number {
    return this.#peers.size;
  }

  /** From now on an ending connection is Kontrol's doing, and no kite's goodbye. */
  close(): void {
    this.#closing = true;
  }

  async #admit(
    applicant: Applicant,
    origin: 'connection' | 'http',
  ): Promise<{ entry: RegistryEntry; result: { url: string } }> {
    const { registry, keyRing, revocations, policy, clock } = this.#options;
    const { key } = applicant;
    const url = urlArgument(applicant.url);
    const kite = { ...applicant.kite, username: key.username };
    checkIdentity(kite);
    if (!policy.allows('register', key.username, kite)) {
      const message = `The policy of this Kontrol does not let ${key.username} register ${kitePath(kite)}`;
      throw new KiteError('authenticationError', message);
    }
    const known = registry.get(kite.id);
    if (known && (known.kite.username !== key.username || known.origin === 'self')) throw taken(kite.id);
    const fresh =
      key.pair.state === 'retired'
        ? { publicKey: keyRing.signing.publicKey, kiteKey: keyRing.newKiteKey(key.username) }
        : {};
    const keyId = key.pair.state === 'retired' ? keyRing.signing.id : key.pair.id;
    const subject = { kite, url, keyId, registeredAt: known?.registeredAt ?? clock.now() };
    const entry = await this.#store(subject, origin, key.id);
    this.#again.delete(kite.id);
    const { keys: revokedKeys } = revocations;
    return { entry, result: { url, ...fresh, ...(revokedKeys.length > 0 && { revokedKeys }) } };
  }

  async #store(...[subject, origin, kiteKeyId]: Parameters<StoreSync['register']>): Promise<RegistryEntry> {
    try {
      const entry = await this.#options.replica.register(subject, origin, kiteKeyId);
      if (entry === 'taken') throw taken(subject.kite.id);
      return entry;
    } catch (error) {
      if (isStorageError(error)) throw storeUnavailable(error);
      throw error;
    }
  }

  #openSession(peer: RegisteringPeer): Map<string, Held> {
    const open = this.#sessions.get(peer);
    if (open) return open;
    const held = new Map<string, Held>();
    this.#sessions.set(peer, held);
    peer.on('disconnect', (code) => this.#disconnected(peer, held, code));
    return held;
  }

  #hold(peer: RegisteringPeer, held: Map<string, Held>, entry: RegistryEntry): void {
    const { id } = entry.kite;
    const before = held.get(id);
    if (before) peer.forget(before.ping);
    const ping = (): void => this.#beat(peer, id);
    held.set(id, { entry, ping, reviving: false });
    this.#peers.set(id, peer);
    const seconds = Math.round(this.#options.timings.heartbeat / 1000);
    peer.call('kite.heartbeat', [seconds, ping]).catch((error: unknown) => {
      this.#options.logger.debug(`${kitePath(entry.kite)} does not start its heartbeat: ${String(error)}`);
    });
  }

  #beat(peer: RegisteringPeer, id: string): void {
    const held = this.#sessions.get(peer)?.get(id);
    if (!held || this.#peers.get(id) !== peer) return;
    if (this.#options.registry.beat(held.entry) || held.reviving || this.#closing) return;
    held.reviving = true;
    this.#revive(held)
      .catch((error: unknown) => this.#options.logger.debug(`${id} does not come back: ${String(error)}`))
      .finally(() => {
        held.reviving = false;
      });
  }

  /** A kite that had fallen silent for longer than its lease is heard of again. */
  async #revive(held: Held): Promise<void> {
    const { registry, keyRing } = this.#options;
    const { kite, keyId, kiteKeyId } = held.entry;
    const other = registry.get(kite.id);
    if (other && other.kite.username !== kite.username) return;
    if (keyRing.get(keyId)?.state === 'revoked' || keyRing.isRevokedKiteKey(kiteKeyId)) return;
    held.entry = await this.#store(held.entry, 'connection', kiteKeyId);
  }

  #disconnected(peer: RegisteringPeer, held: Map<string, Held>, code: number): void {
    this.#sessions.delete(peer);
    for (const [id, { entry }] of held) {
      if (this.#peers.get(id) !== peer) continue;
      this.#peers.delete(id);
      // A connection that broke may be back in a moment: its lease goes on.
      if (!this.#closing && GOODBYES.includes(code) && entry.origin === 'connection') {
        this.#options.registry.remove(entry, 'left');
      }
    }
  }
}

function taken(id: string): KiteError {
  const message = `The kite id ${id} is registered by another user, or is Kontrol's own; it is free once that kite is gone`;
  return codedError('genericError', 'idTaken', message);
}

/** The caller is not told where the store is. */
function storeUnavailable(cause: StorageError): KiteError {
  const message = "Kontrol's store cannot be reached, so that nothing can be registered now; try again later";
  return codedError('genericError', 'storeUnavailable', message, cause);
}
