import { randomBytes } from 'node:crypto';
import type { Descent } from '../../keys/revoked-ids.js';
import { errorText } from '../../util/message-of.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { LeaseRefresher } from './lease-refresher.js';
import { MissingKites } from './missing-kites.js';
import { PendingDeletes } from './pending-deletes.js';
import { type RegistrationSubject, registrationRecord } from './registration-record.js';
import { SilentMarks } from './silent-marks.js';
import type { DeregisterReason, RegistryEntry, Origin } from './registry-entry.js';
import type { Registry } from './registry.js';
import {
  type PutResult,
  type Registration,
  type Storage,
  type StorageChange,
  isStorageError,
  type StorageError,
} from '../storage/shared/storage.js';
import type { CredentialUses } from '../tokens/credential-uses.js';
import type { StoreClock } from './store-clock.js';
import { StoredRegistrations } from './stored-registrations.js';
import type { LeaseTimings } from './lease-timings.js';

export interface StoreSyncOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly keyRing: KeyRing;
  readonly uses: CredentialUses;
  readonly timings: LeaseTimings;
  /** The time that the leases in the store refer to. */
  readonly storeClock: StoreClock;
  readonly logger: Logger;
}

/**
 * Synchronizes the registry with the store: applies the changes of other nodes, writes the changes of this node, and refreshes
 * the leases of its kites. While the store cannot be reached, the registry works without it; both are synchronized afterwards.
 */
export class StoreSync {
  readonly #options: StoreSyncOptions & { readonly clock: Clock; readonly node: string };
  readonly #refresher: LeaseRefresher;
  readonly #backoff = new Backoff({ initial: 250, max: 5000 });
  readonly #pendingDeletes: PendingDeletes;
  readonly #marks: SilentMarks;
  readonly #missing: MissingKites;
  readonly #stored: StoredRegistrations;
  readonly #unsubscribes: (() => void)[] = [];
  #timer: Timer | undefined;
  #online = false;
  #closed = false;
  #problem = 'it has not been opened yet';
  #loading: Promise<void> | undefined;
  #loadAgain = false;
  /** Ids that have changed since the current load of a snapshot began. */
  #changedDuringLoad: Set<string> | undefined;
  /** Whether the process was suspended since the last load: its kites may have moved to other nodes meanwhile. */
  #isOutdated = false;
  #ticking: Promise<void> | undefined;
  #recording: Promise<void> | undefined;
  #sweptAt = 0;

  constructor(options: StoreSyncOptions) {
    // New at each start: the kites of a former process have to register again.
    this.#options = { ...options, clock: options.storeClock, node: randomBytes(6).toString('hex') };
    this.#refresher = new LeaseRefresher(this.#options);
    this.#stored = new StoredRegistrations(this.#options);
    this.#missing = new MissingKites({
      ...this.#options,
      restore: (registration) => this.#background(this.#put(registration, true)),
    });
    this.#pendingDeletes = new PendingDeletes(options.storage);
    this.#marks = new SilentMarks((marks) => this.#guard(options.storage.silence(marks)));
  }

  /** Opens the store and loads its content. Rejects if the store cannot be used. */
  async open(): Promise<void> {
    await this.#options.storage.open();
    try {
      await this.#start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { storage, registry, keyRing, uses, clock } = this.#options;
    await this.#ping();
    await keyRing.open();
    await uses.load();
    this.#unsubscribes.push(
      storage.watch((change) => this.#apply(change)),
      registry.on('deregister', (entry, reason) => this.#onDeregister(entry, reason)),
      registry.on('update', (entry) => this.#onUpdate(entry)),
      registry.on('suspended', () => this.#onSuspended()),
    );
    await this.#load();
    this.#sweptAt = clock.monotonic();
    this.#setOnline();
    this.#scheduleTick();
  }

  /** Whether the last operation reached the store. */
  get online(): boolean {
    return this.#online;
  }

  /** Why the store is not online. Empty while it is. */
  get problem(): string {
    return this.#problem;
  }

  /** Returns whether the store can be reached. */
  async probe(): Promise<boolean> {
    if (!this.#online) return false;
    return this.#ping().then(
      () => true,
      () => false,
    );
  }

  /**
   * Registers a kite of this node: first in the store and then in the registry, so that queries return stored kites only.
   * Returns `taken` if the id belongs to another user. Rejects with a StorageError. `kiteKey`: what the kite registered with.
   */
  async register(
    subject: RegistrationSubject,
    origin: Exclude<Origin, 'store'>,
    kiteKey?: Descent,
  ): Promise<RegistryEntry | 'taken'> {
    const registration = registrationRecord(subject, this.#options);
    if ((await this.#put(registration)) === 'taken') return 'taken';
    const entry = this.#options.registry.set(registration, origin);
    entry.kiteKey = kiteKey;
    return entry;
  }

  #put(registration: Registration, ifAbsent = false): Promise<PutResult> {
    this.#pendingDeletes.forget(registration.kite.id);
    return this.#guard(this.#options.storage.put(registration, this.#options.storeClock.earliest, ifAbsent));
  }

  /** Writes the uses of credentials that are new. Those that come meanwhile are written together. */
  recordUses(): void {
    const { uses } = this.#options;
    if (!this.#online || this.#closed || !uses.hasChanges) return;
    this.#recording ??= this.#record();
  }

  async #record(): Promise<void> {
    const { uses } = this.#options;
    try {
      while (uses.hasChanges && !this.#closed) await this.#guard(uses.flush());
    } catch (error) {
      // The next probe tries again.
      this.#logFailure(error);
    }
    // No `await` since the last check: later changes start the writing again.
    this.#recording = undefined;
  }

  /** Stops the synchronization and closes the store. Registrations stay in it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await Promise.allSettled([this.#loading, this.#ticking, this.#recording, this.#marks.idle()]);
    if (this.#online) await this.#options.uses.flush().catch((error: unknown) => this.#logFailure(error));
    await this.#options.storage.close();
  }

  #apply(change: StorageChange): void {
    switch (change.type) {
      case 'put':
        this.#changedDuringLoad?.add(change.registration.kite.id);
        this.#stored.apply(change.registration, this.#isOutdated ? 'late change' : 'change');
        break;
      case 'delete':
        this.#changedDuringLoad?.add(change.id);
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

  #applyDelete(id: string): void {
    const { registry } = this.#options;
    const entry = registry.peek(id);
    if (!entry) return;
    this.#missing.add(entry);
  }

  #onDeregister(entry: RegistryEntry, reason: DeregisterReason): void {
    // The store is up to date: it reported the removal, or contains the record that replaced this one.
    if (reason === 'store' || reason === 'replaced' || (entry.remote && reason !== 'refused')) return;
    this.#pendingDeletes.add(entry);
    // After it was suspended, a node reads first what has become of its kites.
    if (!this.#online || this.#isOutdated) return;
    this.#background(this.#guard(this.#pendingDeletes.flush(entry.kite.id)));
  }

  #onSuspended(): void {
    this.#missing.onSuspended();
    this.#isOutdated = true;
    if (this.#online) this.#background(this.#load());
  }

  /** Writes the mark of a kite of this node. Other nodes see its end in the next registration or heartbeat. */
  #onUpdate(entry: RegistryEntry): void {
    if (this.#online && !entry.remote && entry.silentSince !== undefined)
      this.#background(this.#marks.add(entry));
  }

  /** Loads a snapshot of the store. A call during a load repeats it. */
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
      const changed = new Set<string>();
      this.#changedDuringLoad = changed;
      try {
        await this.#guard(this.#options.keyRing.reload());
        this.#applySnapshot(await this.#guard(this.#options.storage.registrations()), changed);
      } finally {
        this.#changedDuringLoad = undefined;
      }
    } while (this.#loadAgain);
    this.#isOutdated = false;
    await this.#guard(this.#pendingDeletes.flushAll());
  }

  #applySnapshot(registrations: readonly Registration[], changed: ReadonlySet<string>): void {
    const { registry } = this.#options;
    const seen = new Set<string>();
    for (const registration of registrations) {
      const { id } = registration.kite;
      seen.add(id);
      if (!changed.has(id) && !this.#pendingDeletes.covers(registration))
        this.#stored.apply(registration, 'snapshot');
    }
    for (const entry of Array.from(registry.entries())) {
      if (seen.has(entry.kite.id) || changed.has(entry.kite.id)) continue;
      this.#missing.add(entry);
    }
  }

  #scheduleTick(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const wait = this.#online ? this.#options.timings.probe : this.#backoff.next();
    this.#timer = this.#options.clock.setTimeout(() => {
      // At most one probe at a time, in case the store is slow.
      this.#ticking ??= this.#tick()
        .catch((error: unknown) => this.#logFailure(error))
        .finally(() => {
          this.#ticking = undefined;
          this.#scheduleTick();
        });
    }, wait);
  }

  async #ping(): Promise<void> {
    const { storage, storeClock } = this.#options;
    const sentAt = storeClock.monotonic();
    const time = await this.#guard(storage.ping());
    if (time !== undefined) storeClock.onStoreTime(time, sentAt);
  }

  async #tick(): Promise<void> {
    const { storage, uses, clock, storeClock, timings } = this.#options;
    await this.#ping();
    if (!this.#online || this.#isOutdated) {
      await this.#load();
      this.#setOnline();
    }
    this.#missing.restoreHeard();
    await this.#guard(this.#refresher.refresh());
    await this.#guard(uses.flush());
    // Kites that expired this long ago do not belong to a running node, not even to one that has just restarted.
    if (clock.monotonic() - this.#sweptAt < timings.refresh || !storeClock.isTrusted) return;
    this.#sweptAt = clock.monotonic();
    await this.#guard(storage.sweep(clock.now() - timings.storedLease));
  }

  #setOnline(): void {
    if (this.#online) return;
    this.#online = true;
    this.#problem = '';
    this.#backoff.reset();
    this.#options.registry.pauseRemoteExpiry(false);
    this.#options.logger.info(`The ${this.#options.storage.name} store is connected`);
  }

  #setOffline(error: StorageError): void {
    this.#problem = error.message;
    if (!this.#online || this.#closed) return;
    this.#online = false;
    this.#options.registry.pauseRemoteExpiry(true);
    this.#options.logger.error(
      `${error.message}. Queries are answered from memory, and registrations fail until it is reachable again`,
    );
    this.#timer?.cancel();
    this.#scheduleTick();
  }

  async #guard<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (isStorageError(error)) this.#setOffline(error);
      throw error;
    }
  }

  /** Runs work that the caller does not wait for. If the store cannot be reached, the next load recovers from the failure. */
  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#logFailure(error));
  }

  #logFailure(error: unknown): void {
    if (!isStorageError(error)) this.#options.logger.error(errorText(error));
  }
}
