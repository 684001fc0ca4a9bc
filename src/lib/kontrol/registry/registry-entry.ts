import type { Descent } from '../../keys/revoked-ids.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Registration } from '../storage/shared/storage.js';

/**
 * What keeps an entry alive: this Kontrol itself (`self`), a kite that is connected to this node (`connection`) or sends
 * `GET /heartbeat` to it (`http`), or the store (`store`), for kites of other nodes or from before a restart.
 */
export type Origin = 'self' | 'connection' | 'http' | 'store';

/**
 * Why an entry was removed: the kite disconnected (`left`), its lease ended (`lapsed`), it was deleted from the store
 * (`store`), its credentials were revoked (`refused`), or the kite registered under another path (`replaced`).
 */
export type DeregisterReason = 'left' | 'lapsed' | 'store' | 'refused' | 'replaced';

/** A kite in the registry. */
export class RegistryEntry {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Id of the key pair whose signatures the kite trusts. */
  readonly keyId: string;
  readonly registeredAt: number;
  origin: Origin;
  /** End of the lease, by the monotonic clock. */
  leaseExpiresAt: number;
  /** The last known `expiresAt` in the store. */
  storedExpiresAt: number;
  /** See `Registration`. */
  node: string | undefined;
  /** When the connection of the kite dropped, in milliseconds since 1970. Undefined while it is connected. */
  silentSince: number | undefined;
  checkAt = 0;
  /** The kite key that the kite registered with. Undefined if it registered at another node, or is Kontrol's own kite. */
  kiteKey: Descent | undefined;
  /**
   * From when the kite must register again, because its kite key expires, in milliseconds since 1970. Infinity if the key does not
   * expire.
   */
  registerAgainAt = Number.POSITIVE_INFINITY;

  constructor(registration: Registration, origin: Origin, leaseExpiresAt: number) {
    this.kite = registration.kite;
    this.url = registration.url;
    this.keyId = registration.keyId;
    this.registeredAt = registration.registeredAt;
    this.storedExpiresAt = registration.expiresAt;
    this.silentSince = registration.silentSince;
    this.node = registration.node;
    this.origin = origin;
    this.leaseExpiresAt = leaseExpiresAt;
  }

  /** Whether the kite is not connected to this node. */
  get remote(): boolean {
    return this.origin === 'store';
  }
}
