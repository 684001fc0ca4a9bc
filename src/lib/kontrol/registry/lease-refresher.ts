import type { Clock } from '../../util/clock.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { Storage } from '../storage/shared/storage.js';
import { type LeaseTimings, refreshWhenLeft } from './lease-timings.js';

export interface LeaseRefresherOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly timings: LeaseTimings;
  readonly clock: Clock;
  /** Id of this node. */
  readonly node: string;
}

// Ids per statement.
const BATCH_SIZE = 1000;

/** Periodically refreshes the leases in the store of the kites that are alive on this node, in batches. */
export class LeaseRefresher {
  readonly #options: LeaseRefresherOptions;
  /** Ids whose refresh the store has not confirmed. */
  readonly #unconfirmed = new Set<string>();

  constructor(options: LeaseRefresherOptions) {
    this.#options = options;
  }

  /** Refreshes the leases that are due. Rejects with a StorageError; unconfirmed leases are refreshed again next time. */
  async refresh(): Promise<void> {
    const { storage, registry, clock, timings, node } = this.#options;
    const now = clock.now();
    const expiresAt = now + timings.storedLease;
    const ids: string[] = [];
    for (const entry of registry.entries()) {
      if (entry.leaseExpiresAt <= clock.monotonic() || !this.#isDue(entry, now)) continue;
      // Set before the store reports the change, so that this node does not attribute it to another node.
      entry.storedExpiresAt = expiresAt;
      ids.push(entry.kite.id);
      this.#unconfirmed.add(entry.kite.id);
    }
    for (let start = 0; start < ids.length; start += BATCH_SIZE) {
      const batch = ids.slice(start, start + BATCH_SIZE);
      await storage.refresh(batch, expiresAt, node);
      for (const id of batch) this.#unconfirmed.delete(id);
    }
  }

  #isDue(entry: RegistryEntry, now: number): boolean {
    // A heartbeat in the store would say that a silent kite has returned.
    if (entry.remote || entry.silentSince !== undefined) return false;
    const { storedLease } = this.#options.timings;
    const due = refreshWhenLeft(this.#options.timings);
    const left = entry.storedExpiresAt - now;
    // More than a lease is left if the clock was set back.
    return left <= due || left > storedLease || this.#unconfirmed.has(entry.kite.id);
  }
}
