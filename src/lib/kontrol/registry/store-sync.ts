import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { LeaseRefresher } from './lease-refresher.js';
import { Departures } from './departures.js';
import { type RegistrationSubject, registrationRecord } from './registration-record.js';
import type { Departure, RegistryEntry, Origin } from './registry-entry.js';
import type { Registry } from './registry.js';
import {
  type PutResult,
  type Registration,
  type Storage,
  type StorageChange,
  isStorageError,
  type StorageError,
} from '../storage/shared/storage.js';
import type { LeaseTimings } from './lease-timings.js';

export interface StoreSyncOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly keyRing: KeyRing;
  readonly timings: LeaseTimings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the registry and the store alike: applies what other nodes did, writes what happened here, says of the kites that
 * are alive here that they are. While the store cannot be reached the registry goes on alone, and what it missed is made
 * up for afterwards.
 */
export class StoreSync {
  readonly #options: StoreSyncOptions;
  readonly #refresher: LeaseRefresher;
  readonly #backoff = new Backoff({ initial: 250, max: 5000 });
  readonly #departures: Departures;
  readonly #stops: (() => void)[] = [];
  #timer: Timer | undefined;
  #online = false;
  #closed = false;
  #problem = 'it has not been opened yet';
  #loading: Promise<void> | undefined;
  #loadAgain = false;
  /** Ids that changed while a snapshot was on its way. */
  #touched: Set<string> | undefined;
  #ticking: Promise<void> | undefined;
  #sweptAt = 0;

  constructor(options: StoreSyncOptions) {
    this.#options = options;
    this.#refresher = new LeaseRefresher(options);
    this.#departures = new Departures(options.storage);
  }

  /** Opens the store and takes over what is in it. Rejects where it cannot be used. */
  async open(): Promise<void> {
    await this.#options.storage.open();
    try {
      await this.#begin();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const { storage, registry, keyRing, clock } = this.#options;
    await keyRing.open();
    this.#stops.push(
      storage.watch((change) => this.#apply(change)),
      registry.on('deregister', (entry, why) => this.#departed(entry, why)),
    );
    await this.#load();
    this.#sweptAt = clock.now();
    this.#setOnline();
    this.#arm();
  }

  /** Whether the store answered last time. */
  get online(): boolean {
    return this.#online;
  }

  /** Why the store is not online. */
  get problem(): string {
    return this.#problem;
  }

  /** Asks the store whether it is there. */
  async probe(): Promise<boolean> {
    if (!this.#online) return false;
    return this.#guard(this.#options.storage.ping()).then(
      () => true,
      () => false,
    );
  }

  /**
   * Registers a kite that is alive here: in the store, and then in the registry, so that nobody finds what is not stored.
   * `taken`: the store has another user's kite with its id. Rejects with a StorageError. `kiteKeyId`: the `jti` of the kite key
   * that it showed.
   */
  async register(
    subject: RegistrationSubject,
    origin: Exclude<Origin, 'store'>,
    kiteKeyId = '',
  ): Promise<RegistryEntry | 'taken'> {
    const registration = registrationRecord(subject, this.#options);
    if ((await this.#put(registration)) === 'taken') return 'taken';
    const entry = this.#options.registry.set(registration, origin);
    entry.kiteKeyId = kiteKeyId;
    return entry;
  }

  #put(registration: Registration): Promise<PutResult> {
    this.#departures.forget(registration.kite.id);
    return this.#guard(this.#options.storage.put(registration, this.#options.clock.now()));
  }

  /** Stops, and closes the store. What is registered stays in it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    for (const stop of this.#stops) stop();
    await Promise.allSettled([this.#loading, this.#ticking]);
    await this.#options.storage.close();
  }

  #apply(change: StorageChange): void {
    switch (change.type) {
      case 'put':
        this.#touched?.add(change.registration.kite.id);
        this.#applyPut(change.registration);
        break;
      case 'delete':
        this.#touched?.add(change.id);
        this.#applyDelete(change.id);
        break;
      case 'keys':
        this.#background(this.#guard(this.#options.keyRing.reload()));
        break;
      case 'reload':
        this.#background(this.#load());
        break;
    }
  }

  #applyPut(registration: Registration): void {
    const { registry, keyRing } = this.#options;
    if (keyRing.get(registration.keyId)?.state === 'revoked') return;
    const entry = registry.peek(registration.kite.id);
    // What this node wrote comes back to it. What is newer was written by a node where the kite is now.
    if (entry && !entry.remote && registration.expiresAt <= entry.storedUntil) return;
    registry.set(registration, 'store');
  }

  #applyDelete(id: string): void {
    const { registry } = this.#options;
    const entry = registry.peek(id);
    if (!entry) return;
    if (entry.remote) registry.remove(entry, 'store');
    // Another node gave up a kite that is alive here.
    else this.#restore(entry);
  }

  #restore(entry: RegistryEntry): void {
    const { registry } = this.#options;
    if (registry.get(entry.kite.id) !== entry) return;
    const registration = registrationRecord(entry, this.#options);
    // Noted before the store tells of it, so that this node does not take it for another one's doing.
    entry.storedUntil = registration.expiresAt;
    this.#background(this.#put(registration));
  }

  #departed(entry: RegistryEntry, why: Departure): void {
    // The store knows: it said so, or has the record that replaced this one.
    if (why === 'store' || why === 'replaced' || (entry.remote && why !== 'refused')) return;
    this.#departures.add(entry);
    if (this.#online) this.#background(this.#guard(this.#departures.flush(entry.kite.id)));
  }

  /** Takes over everything that is in the store. */
  #load(): Promise<void> {
    if (this.#loading) {
      this.#loadAgain = true;
      return this.#loading;
    }
    this.#loading = this.#loadAll().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadAll(): Promise<void> {
    do {
      this.#loadAgain = false;
      await this.#guard(this.#departures.flushAll());
      const touched = new Set<string>();
      this.#touched = touched;
      try {
        await this.#guard(this.#options.keyRing.reload());
        this.#takeOver(await this.#guard(this.#options.storage.registrations()), touched);
      } finally {
        this.#touched = undefined;
      }
    } while (this.#loadAgain);
  }

  #takeOver(registrations: readonly Registration[], touched: ReadonlySet<string>): void {
    const { registry } = this.#options;
    const seen = new Set<string>();
    for (const registration of registrations) {
      const { id } = registration.kite;
      seen.add(id);
      if (!touched.has(id) && !this.#departures.has(id)) this.#applyPut(registration);
    }
    for (const entry of Array.from(registry.entries())) {
      if (seen.has(entry.kite.id) || touched.has(entry.kite.id)) continue;
      if (entry.remote) registry.remove(entry, 'store');
      else this.#restore(entry);
    }
  }

  #arm(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const wait = this.#online ? this.#options.timings.probe : this.#backoff.next();
    this.#timer = this.#options.clock.setTimeout(() => {
      // A store that is slow to answer is asked once at a time.
      this.#ticking ??= this.#tick()
        .catch((error: unknown) => this.#noteFailure(error))
        .finally(() => {
          this.#ticking = undefined;
          this.#arm();
        });
    }, wait);
  }

  async #tick(): Promise<void> {
    const { storage, clock, timings } = this.#options;
    await this.#guard(storage.ping());
    if (!this.#online) {
      await this.#load();
      this.#setOnline();
    }
    await this.#guard(this.#refresher.refresh());
    // What expired long ago belongs to no node that lives: kites of a restarted one have had their lease by then.
    if (clock.now() - this.#sweptAt < timings.refresh) return;
    this.#sweptAt = clock.now();
    await this.#guard(storage.sweep(clock.now() - timings.storedLease));
  }

  #setOnline(): void {
    if (this.#online) return;
    this.#online = true;
    this.#problem = '';
    this.#backoff.reset();
    this.#options.registry.holdRemote(false);
    this.#options.logger.info(`The ${this.#options.storage.name} store is connected`);
  }

  #setOffline(error: StorageError): void {
    this.#problem = error.message;
    if (!this.#online || this.#closed) return;
    this.#online = false;
    this.#options.registry.holdRemote(true);
    this.#options.logger.error(
      `${error.message}. Queries are answered from memory, registrations are refused until it is back`,
    );
    this.#timer?.cancel();
    this.#arm();
  }

  async #guard<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (isStorageError(error)) this.#setOffline(error);
      throw error;
    }
  }

  /** Nobody waits for this. A store that is away was noted by then, and is made up for later. */
  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#noteFailure(error));
  }

  #noteFailure(error: unknown): void {
    if (!isStorageError(error)) this.#options.logger.error(String(error));
  }
}
