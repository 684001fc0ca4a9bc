import { isHeldBy } from '../storage/shared/entries.js';
import type { Registration } from '../storage/shared/storage.js';
import type { KeyRing } from '../tokens/key-ring.js';
import type { LeaseTimings } from './lease-timings.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { StoreClock } from './store-clock.js';

export interface StoredRegistrationsOptions {
  readonly registry: Registry;
  readonly keyRing: KeyRing;
  readonly timings: LeaseTimings;
  readonly storeClock: StoreClock;
  /** Id of this node. */
  readonly node: string;
}

/** Applies the registrations of the store to the registry. */
export class StoredRegistrations {
  readonly #options: StoredRegistrationsOptions;

  constructor(options: StoredRegistrationsOptions) {
    this.#options = options;
  }

  /**
   * `source`: a change was written just now, and its lease begins now, whatever the clock of the other node says. A late change may
   * have waited while the process was suspended.
   */
  apply(registration: Registration, source: 'snapshot' | 'change' | 'late change'): void {
    const { registry, keyRing, storeClock, timings } = this.#options;
    if (keyRing.get(registration.keyId)?.state === 'revoked') return;
    const { node, expiresAt, silentSince } = registration;
    const entry = registry.peek(registration.kite.id);
    // A node also receives its own writes. Those of another node mean that the kite has moved there.
    if (entry && !entry.remote && this.#isOwn(registration, entry)) return;
    const isRefreshed = entry?.storedExpiresAt !== expiresAt || entry.node !== node;
    if (!isRefreshed && isSame(entry, registration) && registry.get(entry.kite.id) === entry) return;
    const isFresh = source !== 'snapshot' && isRefreshed && silentSince === undefined;
    if (isFresh && node !== undefined && source === 'change')
      storeClock.onNodeTime(node, expiresAt - timings.storedLease);
    registry.set(registration, 'store', isFresh ? timings.storedLease : undefined);
  }

  /** Nodes of an earlier version do not write the node: what is newer than the last write of this node is then theirs. */
  #isOwn(registration: Registration, { storedExpiresAt }: RegistryEntry): boolean {
    return isHeldBy(registration, this.#options.node) && registration.expiresAt <= storedExpiresAt;
  }
}

/** Whether a record of the store says nothing new about an entry. */
function isSame(entry: RegistryEntry, { url, keyId, silentSince }: Registration): boolean {
  return entry.url === url && entry.keyId === keyId && entry.silentSince === silentSince;
}
