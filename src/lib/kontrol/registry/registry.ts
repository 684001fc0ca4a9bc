import { kitePath } from '../../protocol/identity.js';
import {
  exactValue,
  hasGlobs,
  type KiteQuery,
  matchesEveryKite,
  matchingCost,
  searchMatcher,
} from '../../protocol/query.js';
import type { Clock, Timer } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';
import { type DeregisterReason, RegistryEntry, type Origin } from './registry-entry.js';
import { ExpiryWheel } from './expiry-wheel.js';
import { defaultTimings } from './lease-timings.js';
import { StringInterner } from './string-interner.js';
import { KiteIndex } from './kite-index.js';
import type { Registration } from '../storage/shared/storage.js';

export type RegistryEvents = {
  /** A kite was registered, or its URL has changed. */
  register: [entry: RegistryEntry];
  /** A kite was removed, or its path has changed. */
  deregister: [entry: RegistryEntry, reason: DeregisterReason];
  /** A registered kite is silent now, or is not any more. `isOwn`: this node had the connection that dropped. */
  update: [entry: RegistryEntry, isOwn: boolean];
  /** The process was suspended, and runs again. The entries are as they were before. */
  suspended: [];
};

export interface RegistryOptions {
  /** Its `now` refers to the same time as the leases in the store. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lease of an entry after its last heartbeat, in milliseconds. Default: 30,000. */
  readonly lease?: number;
  /** Longest lease of an entry from the store, in milliseconds. Default: 90,000. */
  readonly storedLease?: number;
  /** Time from the end of a lease in the store until an entry from the store is removed. Default: 60,000. */
  readonly handover?: number;
  /** Interval in milliseconds at which expired entries are removed. It does not affect queries. Default: 2,000. */
  readonly sweepInterval?: number;
}

// Examining a kite takes about a microsecond.
const EXAMINED_PER_STEP = 256;

/** Delay of a timer, in milliseconds, from which on the process is considered to have been suspended. */
const STALL_THRESHOLD = 2000;

/**
 * The in-memory index of all registered kites, which queries are answered from. An entry is no longer found once its
 * lease has ended, even before the sweep removes it.
 *
 * A process that was suspended (with its machine, or by a debugger) has received no heartbeats meanwhile. All leases are then
 * extended, so that kites can send their next heartbeat.
 */
export class Registry extends Emitter<RegistryEvents> {
  readonly #clock: Clock;
  readonly #lease: number;
  readonly #storedLease: number;
  readonly #handover: number;
  readonly #interval: number;
  readonly #byId = new Map<string, RegistryEntry>();
  readonly #index = new KiteIndex<RegistryEntry>();
  readonly #wheel = new ExpiryWheel<RegistryEntry>();
  readonly #strings = new StringInterner();
  readonly #countByUser = new Map<string, number>();
  readonly #silent = new Set<RegistryEntry>();
  #timer: Timer | undefined;
  #sweptAt: number;
  #remoteExpiryPaused = false;

  constructor({ clock, logger, lease, storedLease, handover, sweepInterval = 2000 }: RegistryOptions) {
    super(logger);
    this.#clock = clock;
    this.#lease = lease ?? defaultTimings.lease;
    this.#storedLease = storedLease ?? defaultTimings.storedLease;
    this.#handover = handover ?? defaultTimings.handover;
    this.#interval = sweepInterval;
    this.#sweptAt = clock.monotonic();
    this.#scheduleSweep();
  }

  /** Number of entries, including expired ones that were not swept yet. */
  get size(): number {
    return this.#byId.size;
  }

  /** Number of silent entries. */
  get silent(): number {
    return this.#silent.size;
  }

  /** Number of entries of a user, including expired ones that were not swept yet. */
  countOf(username: string): number {
    return this.#countByUser.get(username) ?? 0;
  }

  /** Returns all entries, including expired ones. */
  entries(): IterableIterator<RegistryEntry> {
    return this.#byId.values();
  }

  /** Returns the entry with this id, unless its lease has ended. */
  get(id: string): RegistryEntry | undefined {
    const now = this.#now();
    const entry = this.#byId.get(id);
    return entry && this.#isAlive(entry, now) ? entry : undefined;
  }

  /** Returns the entry of the same kite now, which differs if it has registered with another URL. Undefined if it has left. */
  current(entry: RegistryEntry): RegistryEntry | undefined {
    const current = this.get(entry.kite.id);
    const isSame = current === entry || (current && kitePath(current.kite) === kitePath(entry.kite));
    return isSame ? current : undefined;
  }

  /** Returns the entry with this id, even if its lease has ended. */
  peek(id: string): RegistryEntry | undefined {
    return this.#byId.get(id);
  }

  /**
   * Yields the kites that match the query, in no particular order, and `undefined` between them, so that the caller can pause.
   * Examines the kites that are registered when it begins, and yields each as it is registered then.
   *
   * @throws QueryError if the query is invalid
   */
  *search(query: KiteQuery): Generator<RegistryEntry | undefined, void, void> {
    const all = matchesEveryKite(query);
    const matches = searchMatcher(query);
    const cost = matchingCost(query);
    let examined = 0;
    for (const entry of all ? Array.from(this.#byId.values()) : this.#candidates(query)) {
      examined += cost;
      if (examined >= EXAMINED_PER_STEP) {
        examined = 0;
        yield undefined;
      }
      const current = entry && matches(entry.kite) ? this.current(entry) : undefined;
      if (current) yield current;
    }
  }

  /**
   * Adds a kite, or replaces the one with its id. Its lease starts now; for a kite from the store, it ends after the stored one.
   * `storedLeft`: what is left of that one in milliseconds. Default: by the clock.
   */
  set(registration: Registration, origin: Origin, storedLeft?: number): RegistryEntry {
    const now = this.#now();
    // The node that has lost the connection of a silent kite removes it. If that node ends, this one does.
    const left = registration.silentSince === undefined ? this.#leftOf(registration, origin, storedLeft) : 0;
    const leaseExpiresAt = origin === 'self' ? Infinity : now + Math.max(left, this.#lease);
    const old = this.#byId.get(registration.kite.id);
    if (old && isUnchanged(old, registration))
      return this.#update(old, registration, origin, leaseExpiresAt, now);
    const entry = new RegistryEntry(this.#intern(registration), origin, leaseExpiresAt);
    this.#index.add(entry);
    if (old) {
      // Afterwards, so that a search, which may pause, sees one of them.
      this.#index.remove(old);
      this.#silent.delete(old);
      this.#count(old.kite.username, -1);
      if (kitePath(old.kite) !== kitePath(entry.kite)) {
        this.#byId.delete(old.kite.id);
        this.emit('deregister', old, 'replaced');
      }
    }
    this.#byId.set(entry.kite.id, entry);
    this.#note(entry);
    this.#count(entry.kite.username, 1);
    this.#wheel.add(entry);
    this.emit('register', entry);
    return entry;
  }

  /** Extends the lease of an entry. Returns false if it has ended, or the entry was removed or replaced. */
  heartbeat(entry: RegistryEntry): boolean {
    const now = this.#now();
    if (this.#byId.get(entry.kite.id) !== entry || !this.#isAlive(entry, now)) return false;
    if (entry.leaseExpiresAt !== Infinity)
      entry.leaseExpiresAt = Math.max(entry.leaseExpiresAt, now + this.#lease);
    return true;
  }

  /** Marks an entry as silent since a time in milliseconds since 1970, unless it was removed, replaced, or is silent already. */
  silence(entry: RegistryEntry, since: number): void {
    if (entry.silentSince !== undefined || this.get(entry.kite.id) !== entry) return;
    entry.silentSince = since;
    this.#note(entry);
    this.emit('update', entry, true);
  }

  /** Ends the lease of an entry after so many milliseconds, if it would end later. */
  endWithin(entry: RegistryEntry, ms: number): void {
    const time = this.#now() + ms;
    if (time >= entry.leaseExpiresAt || this.#byId.get(entry.kite.id) !== entry) return;
    entry.leaseExpiresAt = time;
    this.#wheel.addAt(entry, time);
  }

  /** Removes an entry, unless it was replaced. */
  remove(entry: RegistryEntry, reason: DeregisterReason): void {
    // Before the removal of a kite that may have moved away while the process was suspended.
    this.#now();
    if (this.#byId.get(entry.kite.id) !== entry) return;
    this.#byId.delete(entry.kite.id);
    this.#silent.delete(entry);
    this.#count(entry.kite.username, -1);
    this.#index.remove(entry);
    this.emit('deregister', entry, reason);
  }

  /**
   * Pauses the expiry of entries of other nodes, whose heartbeats are unknown while the store cannot be reached. When the pause
   * ends, their leases are extended, so that the store can report the next heartbeat.
   */
  pauseRemoteExpiry(paused: boolean): void {
    if (this.#remoteExpiryPaused && !paused)
      this.#extendLeases(this.#clock.monotonic(), (entry) => entry.remote);
    this.#remoteExpiryPaused = paused;
  }

  /** Stops the sweep. */
  close(): void {
    this.#timer?.cancel();
  }

  /** Returns for how long a kite from the store is found at this node, in milliseconds. */
  #leftOf({ expiresAt }: Registration, origin: Origin, storedLeft?: number): number {
    if (origin !== 'store') return 0;
    // Not longer than a lease, in case the clock was set back after the lease was stored.
    return Math.min(storedLeft ?? expiresAt - this.#clock.now(), this.#storedLease) + this.#handover;
  }

  #candidates(query: KiteQuery): Iterable<RegistryEntry | undefined> {
    const id = exactValue(query, 'id');
    if (id === undefined) return hasGlobs(query) ? this.#index.search(query) : this.#index.candidates(query);
    const entry = this.#byId.get(id);
    return entry ? [entry] : [];
  }

  #count(username: string, change: 1 | -1): void {
    const count = this.countOf(username) + change;
    if (count > 0) this.#countByUser.set(username, count);
    else this.#countByUser.delete(username);
  }

  #update(
    entry: RegistryEntry,
    registration: Registration,
    origin: Origin,
    leaseExpiresAt: number,
    now: number,
  ): RegistryEntry {
    const wasAlive = this.#isAlive(entry, now);
    const [was, is, isOwn] = [entry.silentSince, registration.silentSince, !entry.remote];
    entry.origin = origin;
    entry.silentSince = is;
    this.#note(entry);
    // The lease is shorter if the kite has moved from another node to this one, or is silent.
    if (leaseExpiresAt < entry.leaseExpiresAt) this.#wheel.addAt(entry, leaseExpiresAt);
    const isStillSilent = wasAlive && was !== undefined && is !== undefined;
    if (!isStillSilent || leaseExpiresAt < entry.leaseExpiresAt) entry.leaseExpiresAt = leaseExpiresAt;
    entry.storedExpiresAt = registration.expiresAt;
    entry.node = this.#internNode(registration);
    // Watchers are notified, because queries no longer found the expired entry.
    if (!wasAlive) this.emit('register', entry);
    else if ((was === undefined) !== (is === undefined)) this.emit('update', entry, isOwn);
    return entry;
  }

  #note(entry: RegistryEntry): void {
    if (entry.silentSince === undefined) this.#silent.delete(entry);
    else this.#silent.add(entry);
  }

  #isAlive(entry: RegistryEntry, now: number): boolean {
    return entry.leaseExpiresAt > now || (this.#remoteExpiryPaused && entry.remote);
  }

  #intern(registration: Registration): Registration {
    const { kite } = registration;
    const intern = (value: string): string => this.#strings.intern(value);
    return {
      ...registration,
      keyId: intern(registration.keyId),
      node: this.#internNode(registration),
      kite: {
        name: intern(kite.name),
        username: intern(kite.username),
        id: kite.id,
        environment: intern(kite.environment),
        region: intern(kite.region),
        version: intern(kite.version),
        hostname: intern(kite.hostname),
      },
    };
  }

  #internNode({ node }: Registration): string | undefined {
    return node === undefined ? undefined : this.#strings.intern(node);
  }

  /** Returns the time of the monotonic clock, after extending all leases if the process was suspended. */
  #now(): number {
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt > this.#interval + STALL_THRESHOLD) this.#sweep(now);
    return now;
  }

  #scheduleSweep(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#scheduleSweep();
      this.#sweep(this.#clock.monotonic());
    }, this.#interval);
  }

  #sweep(now: number): void {
    const wasSuspended = now - this.#sweptAt > this.#interval + STALL_THRESHOLD;
    this.#sweptAt = now;
    if (wasSuspended) {
      this.#extendLeases(now);
      this.emit('suspended');
    }
    for (const entry of this.#wheel.takeDue(now)) {
      if (this.#byId.get(entry.kite.id) !== entry) continue;
      if (entry.leaseExpiresAt > now) this.#wheel.add(entry);
      else if (this.#isAlive(entry, now)) this.#wheel.addAt(entry, now + this.#lease);
      else this.remove(entry, 'lapsed');
    }
  }

  #extendLeases(now: number, filter: (entry: RegistryEntry) => boolean = () => true): void {
    for (const entry of this.#byId.values()) {
      if (filter(entry)) entry.leaseExpiresAt = Math.max(entry.leaseExpiresAt, now + this.#lease);
    }
  }
}

function isUnchanged(entry: RegistryEntry, { kite, url, keyId }: Registration): boolean {
  return entry.url === url && entry.keyId === keyId && kitePath(entry.kite) === kitePath(kite);
}
