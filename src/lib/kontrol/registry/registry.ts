import { kitePath } from '../../protocol/identity.js';
import { type KiteQuery, queryMatcher } from '../../protocol/query.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import { type Departure, RegistryEntry, type Origin } from './registry-entry.js';
import { ExpiryWheel } from './expiry-wheel.js';
import { StringInterner } from './string-interner.js';
import { KiteIndex } from './kite-index.js';
import type { Registration } from '../storage/shared/storage.js';

export type RegistryEvents = {
  /** A kite can be found now, or elsewhere than before. */
  register: [entry: RegistryEntry];
  /** A kite is gone, or its path is. */
  deregister: [entry: RegistryEntry, why: Departure];
};

export interface RegistryOptions {
  readonly clock: Clock;
  /** Milliseconds that an entry outlives its last sign of life. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds between two looks at what has expired. Default 2,000. Queries are exact whatever it is. */
  readonly sweepInterval?: number;
}

/** A timer that comes this much too late, in milliseconds, means that the process stood still. */
const STANDSTILL = 2000;

/**
 * Every kite there is, in memory: what queries are answered from. Entries end with their lease; one whose lease is over is
 * not found, even before the sweep takes it out.
 *
 * A process that stood still (a suspended machine, a debugger) heard no heartbeats meanwhile. Its entries then get a
 * lease to come back.
 */
export class Registry extends Emitter<RegistryEvents> {
  readonly #clock: Clock;
  readonly #lease: number;
  readonly #interval: number;
  readonly #byId = new Map<string, RegistryEntry>();
  readonly #index = new KiteIndex<RegistryEntry>();
  readonly #wheel = new ExpiryWheel<RegistryEntry>();
  readonly #texts = new StringInterner();
  #timer: Timer | undefined;
  #sweptAt: number;
  #held = false;

  constructor({ clock, lease = 30_000, sweepInterval = 2000 }: RegistryOptions) {
    super();
    this.#clock = clock;
    this.#lease = lease;
    this.#interval = sweepInterval;
    this.#sweptAt = clock.now();
    this.#arm();
  }

  /** How many entries there are, those that have expired and were not swept yet included. */
  get size(): number {
    return this.#byId.size;
  }

  /** Every entry, also expired ones. */
  entries(): IterableIterator<RegistryEntry> {
    return this.#byId.values();
  }

  /** The kite with this id, unless its lease is over. */
  get(id: string): RegistryEntry | undefined {
    const now = this.#now();
    const entry = this.#byId.get(id);
    return entry && this.#isAlive(entry, now) ? entry : undefined;
  }

  /** The entry with this id, also where its lease is over. */
  peek(id: string): RegistryEntry | undefined {
    return this.#byId.get(id);
  }

  /**
   * The kites that a query asks for, in no order.
   *
   * @throws QueryError where the query is not valid
   */
  find(query: KiteQuery): RegistryEntry[] {
    const matches = queryMatcher(query);
    const now = this.#now();
    const candidates = query.id ? this.#one(query.id) : this.#index.candidates(query);
    return candidates.filter((entry) => this.#isAlive(entry, now) && matches(entry.kite));
  }

  /** The kites that are alive. */
  all(): RegistryEntry[] {
    const now = this.#now();
    return Array.from(this.#byId.values()).filter((entry) => this.#isAlive(entry, now));
  }

  /** Puts a kite in, or in the place of the one with its id. It is alive for a lease, or for as long as the store says. */
  set(registration: Registration, origin: Origin): RegistryEntry {
    const now = this.#now();
    const from = origin === 'store' ? registration.expiresAt : 0;
    const leaseUntil = origin === 'self' ? Infinity : Math.max(from, now + this.#lease);
    const old = this.#byId.get(registration.kite.id);
    if (old && isSame(old, registration)) return this.#keep(old, registration, origin, leaseUntil, now);
    const entry = new RegistryEntry(this.#compact(registration), origin, leaseUntil);
    if (old) {
      this.#index.remove(old);
      this.#byId.delete(old.kite.id);
      if (kitePath(old.kite) !== kitePath(entry.kite)) this.emit('deregister', old, 'replaced');
    }
    this.#byId.set(entry.kite.id, entry);
    this.#index.add(entry);
    this.#wheel.add(entry);
    this.emit('register', entry);
    return entry;
  }

  /** A sign of life. False: the entry is gone, or was replaced. */
  beat(entry: RegistryEntry): boolean {
    const now = this.#now();
    if (this.#byId.get(entry.kite.id) !== entry || !this.#isAlive(entry, now)) return false;
    if (entry.leaseUntil !== Infinity) entry.leaseUntil = Math.max(entry.leaseUntil, now + this.#lease);
    return true;
  }

  /** Takes an entry out, unless it was replaced. */
  remove(entry: RegistryEntry, why: Departure): void {
    if (this.#byId.get(entry.kite.id) !== entry) return;
    this.#byId.delete(entry.kite.id);
    this.#index.remove(entry);
    this.emit('deregister', entry, why);
  }

  /**
   * While held, entries of other nodes do not expire: the store that would tell of their heartbeats cannot be reached.
   * Then they get a lease to be heard of.
   */
  holdRemote(held: boolean): void {
    if (this.#held && !held) this.#grantLease(this.#clock.now(), (entry) => entry.remote);
    this.#held = held;
  }

  /** Stops the sweep. */
  close(): void {
    this.#timer?.cancel();
  }

  #one(id: string): RegistryEntry[] {
    const entry = this.#byId.get(id);
    return entry ? [entry] : [];
  }

  #keep(
    entry: RegistryEntry,
    registration: Registration,
    origin: Origin,
    leaseUntil: number,
    now: number,
  ): RegistryEntry {
    const wasAlive = this.#isAlive(entry, now);
    entry.origin = origin;
    // A kite that came from another node has its shorter lease now.
    if (leaseUntil < entry.leaseUntil) this.#wheel.addAt(entry, leaseUntil);
    entry.leaseUntil = leaseUntil;
    entry.storedUntil = registration.expiresAt;
    // Its end was not swept yet, but queries did not find it any more.
    if (!wasAlive) this.emit('register', entry);
    return entry;
  }

  #isAlive(entry: RegistryEntry, now: number): boolean {
    return entry.leaseUntil > now || (this.#held && entry.remote);
  }

  #compact(registration: Registration): Registration {
    const { kite } = registration;
    const share = (text: string): string => this.#texts.intern(text);
    return {
      ...registration,
      keyId: share(registration.keyId),
      kite: {
        name: share(kite.name),
        username: share(kite.username),
        id: kite.id,
        environment: share(kite.environment),
        region: share(kite.region),
        version: share(kite.version),
        hostname: share(kite.hostname),
      },
    };
  }

  /** The time, after what a standstill demands has been done. */
  #now(): number {
    const now = this.#clock.now();
    if (now - this.#sweptAt > this.#interval + STANDSTILL) this.#sweep(now);
    return now;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#arm();
      this.#sweep(this.#clock.now());
    }, this.#interval);
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt > this.#interval + STANDSTILL) this.#grantLease(now);
    this.#sweptAt = now;
    for (const entry of this.#wheel.take(now)) {
      if (this.#byId.get(entry.kite.id) !== entry) continue;
      if (entry.leaseUntil > now) this.#wheel.add(entry);
      else if (this.#isAlive(entry, now)) this.#wheel.addAt(entry, now + this.#lease);
      else this.remove(entry, 'lapsed');
    }
  }

  #grantLease(now: number, whom: (entry: RegistryEntry) => boolean = () => true): void {
    for (const entry of this.#byId.values()) {
      if (whom(entry)) entry.leaseUntil = Math.max(entry.leaseUntil, now + this.#lease);
    }
  }
}

function isSame(entry: RegistryEntry, { kite, url, keyId }: Registration): boolean {
  return entry.url === url && entry.keyId === keyId && kitePath(entry.kite) === kitePath(kite);
}
