import type { KiteIdentity } from '../../protocol/identity.js';
import type { Registration } from '../storage/shared/storage.js';

/**
 * Who sees to it that an entry stays: this Kontrol itself (`self`), a kite that is connected here (`connection`) or calls
 * `GET /heartbeat` here (`http`), or another Kontrol on the same store, or one before a restart (`store`).
 */
export type Origin = 'self' | 'connection' | 'http' | 'store';

/**
 * Why an entry is gone: the kite said goodbye (`left`), its lease is over (`lapsed`), the store no longer has it (`store`),
 * Kontrol refuses it by now (`refused`), or its kite has registered under another path (`replaced`).
 */
export type Departure = 'left' | 'lapsed' | 'store' | 'refused' | 'replaced';

/** A kite in the registry. */
export class RegistryEntry {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** The key pair whose signatures the kite trusts. */
  readonly keyId: string;
  readonly registeredAt: number;
  origin: Origin;
  /** Milliseconds since 1970: no sign of life until then, and it is gone. */
  leaseUntil: number;
  /** The `expiresAt` that the store has, as far as this node knows. */
  storedUntil: number;
  checkAt = 0;
  /** The `jti` of the kite key that registered it here. Empty where another node did, or the key has none. */
  kiteKeyId = '';

  constructor(registration: Registration, origin: Origin, leaseUntil: number) {
    this.kite = registration.kite;
    this.url = registration.url;
    this.keyId = registration.keyId;
    this.registeredAt = registration.registeredAt;
    this.storedUntil = registration.expiresAt;
    this.origin = origin;
    this.leaseUntil = leaseUntil;
  }

  /** Whether another node, or none, keeps it alive. */
  get remote(): boolean {
    return this.origin === 'store';
  }
}
