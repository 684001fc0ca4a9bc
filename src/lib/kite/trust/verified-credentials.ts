import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru-map.js';
import type { CallerIdentity } from '../call/caller-identity.js';
import type { ConnectionCredential } from '../call/connection-credential.js';
import { JWT_LENGTH } from '../../keys/key-limits.js';
import { VERIFIED_CREDENTIALS } from '../limits/kite-limits.js';

/** A verified credential in the cache. */
export interface CachedCredential {
  readonly type: string;
  readonly key: string;
  readonly identity: CallerIdentity;
  /** Undefined if it cannot be revoked. */
  readonly credential: ConnectionCredential | undefined;
}

/** A cache of verified credentials and their users. */
export class VerifiedCredentials {
  readonly #entries: LruMap<CachedCredential>;
  readonly #ttl: number;
  readonly #clock: Clock;

  constructor(ttl: number, clock: Clock) {
    this.#entries = new LruMap(VERIFIED_CREDENTIALS, clock);
    this.#ttl = ttl;
    this.#clock = clock;
  }

  /** Returns a verified credential. Undefined if it is not cached. */
  get(type: string, key: string): CachedCredential | undefined {
    const entry = this.#entries.get(cacheKey(type, key));
    return entry?.key === key && entry.type === type ? entry : undefined;
  }

  /** Caches a credential for the configured time, but not beyond `expiresAt` (milliseconds since 1970). */
  add(credential: CachedCredential, expiresAt: number): void {
    if (this.#ttl > 0) this.#set(credential, Math.min(expiresAt - this.#clock.now(), this.#ttl));
  }

  /** Caches a credential until `expiresAt` (milliseconds since 1970). */
  addUntil(credential: CachedCredential, expiresAt: number): void {
    this.#set(credential, expiresAt - this.#clock.now());
  }

  #set(credential: CachedCredential, ttl: number): void {
    // A long key would take more memory than checking it again is worth.
    if (ttl > 0 && credential.key.length <= JWT_LENGTH)
      this.#entries.set(cacheKey(credential.type, credential.key), credential, ttl);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/**
 * Returns the end of the signature of a kite key or token: it is random, and hashing it is much faster than hashing the whole key.
 * Keys of other types can have the same end.
 */
function cacheKey(type: string, key: string): string {
  return type === 'kiteKey' || type === 'token' ? key.slice(-12) : `${type} ${key}`;
}
