import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru-map.js';
import type { ConnectionCredential } from '../call/connection-credential.js';
import { VERIFIED_CREDENTIALS } from '../limits/kite-limits.js';

/** A verified credential in the cache. */
export interface CachedCredential extends ConnectionCredential {
  readonly type: string;
  readonly key: string;
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
    const entry = this.#entries.get(cacheKey(key));
    return entry?.key === key && entry.type === type ? entry : undefined;
  }

  /** Caches a credential for the configured time, but not beyond `expiresAt` (milliseconds since 1970). */
  add(credential: CachedCredential, expiresAt: number): void {
    if (this.#ttl <= 0) return;
    this.#entries.set(
      cacheKey(credential.key),
      credential,
      Math.min(expiresAt - this.#clock.now(), this.#ttl),
    );
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Returns the end of the signature: it is random, and hashing it is much faster than hashing the whole key. */
function cacheKey(key: string): string {
  return key.slice(-12);
}
