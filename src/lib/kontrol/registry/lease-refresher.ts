import type { Clock } from '../../util/clock.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { Storage } from '../storage/shared/storage.js';
import type { LeaseTimings } from './lease-timings.js';

export interface LeaseRefresherOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly timings: LeaseTimings;
  readonly clock: Clock;
}

// Ids that one statement refreshes.
const BATCH = 1000;

/** Tells the store of the kites that are alive here, of each once in a while, of many at a time. */
export class LeaseRefresher {
  readonly #options: LeaseRefresherOptions;
  /** Ids whose sign of life the store did not get. */
  readonly #missed = new Set<string>();

  constructor(options: LeaseRefresherOptions) {
    this.#options = options;
  }

  /** Moves the end of what is due in the store. Rejects with a StorageError; what it missed is due the next time. */
  async refresh(): Promise<void> {
    const { storage, registry, clock, timings } = this.#options;
    const now = clock.now();
    const until = now + timings.storedLease;
    const ids: string[] = [];
    for (const entry of registry.entries()) {
      if (!this.#isDue(entry, now)) continue;
      // Noted before the store tells of it, so that this node does not take it for another one's doing.
      entry.storedUntil = until;
      ids.push(entry.kite.id);
      this.#missed.add(entry.kite.id);
    }
    for (let start = 0; start < ids.length; start += BATCH) {
      const batch = ids.slice(start, start + BATCH);
      await storage.refresh(batch, until);
      for (const id of batch) this.#missed.delete(id);
    }
  }

  #isDue(entry: RegistryEntry, now: number): boolean {
    if (entry.remote || entry.leaseUntil <= now) return false;
    const { storedLease, refresh, probe } = this.#options.timings;
    const due = storedLease - refresh + 2 * probe;
    return entry.storedUntil - now <= due || this.#missed.has(entry.kite.id);
  }
}
