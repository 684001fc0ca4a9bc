import type { Clock } from '../../util/clock.js';
import type { Registration } from '../storage/shared/storage.js';
import type { LeaseTimings } from './lease-timings.js';
import { registrationRecord } from './registration-record.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';

export interface MissingKitesOptions {
  readonly registry: Registry;
  readonly timings: LeaseTimings;
  readonly clock: Clock;
  /** Id of this node. */
  readonly node: string;
  /** Writes a registration to the store, unless it contains one of this kite. */
  readonly restore: (registration: Registration) => void;
}

/** The kites of the registry that the store does not contain any more: restores those that are alive on this node. */
export class MissingKites {
  readonly #options: MissingKitesOptions;
  /** Kites of this node that were not heard since the process was suspended. */
  readonly #unheard = new Set<RegistryEntry>();
  /** When the process ran again after it was last suspended, by the monotonic clock. */
  #resumedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MissingKitesOptions) {
    this.#options = options;
  }

  /** The process runs again: its kites may have moved to other nodes meanwhile, and have ended there. */
  onSuspended(): void {
    this.#resumedAt = this.#options.clock.monotonic();
  }

  /** The store does not contain an entry. */
  add(entry: RegistryEntry): void {
    if (!isHere(entry)) this.#options.registry.remove(entry, 'store');
    else if (this.#isHeard(entry)) this.#restore(entry);
    else this.#unheard.add(entry);
  }

  /** Restores the kites that were heard meanwhile. */
  restoreHeard(): void {
    for (const entry of this.#unheard) {
      const isCurrent = this.#options.registry.peek(entry.kite.id) === entry && isHere(entry);
      if (isCurrent && !this.#isHeard(entry)) continue;
      this.#unheard.delete(entry);
      if (isCurrent) this.#restore(entry);
    }
  }

  #isHeard({ leaseExpiresAt }: RegistryEntry): boolean {
    return leaseExpiresAt > this.#resumedAt + this.#options.timings.lease;
  }

  #restore(entry: RegistryEntry): void {
    const { registry, restore } = this.#options;
    if (registry.get(entry.kite.id) !== entry) return;
    const registration = registrationRecord(entry, this.#options);
    // Set before the store reports the change, so that this node does not attribute it to another node.
    entry.storedExpiresAt = registration.expiresAt;
    restore(registration);
  }
}

/** Whether a kite is connected to this node. */
function isHere({ remote, silentSince }: RegistryEntry): boolean {
  return !remote && silentSince === undefined;
}
