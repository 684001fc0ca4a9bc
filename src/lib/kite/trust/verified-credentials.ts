import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru.js';
import { VERIFIED_CREDENTIALS } from '../limits/kite-limits.js';

interface VerifiedCredential {
  readonly type: string;
  readonly key: string;
  readonly username: string;
}

/** A cache of verified credentials and their users. */
export class VerifiedCredentials {
  readonly #entries: LruMap<VerifiedCredential>;
  readonly #ttl: number;
  readonly #clock: Clock;

  constructor(ttl: number, clock: Clock) {
    this.#entries = new LruMap(VERIFIED_CREDENTIALS, clock);
    this.#ttl = ttl;
    this.#clock = clock;
  }

  /** Returns the user of credentials. Undefined if they are not cached. */
  get(type: string, key: string): string | undefined {
    const entry = this.#entries.get(cacheKey(key));
    return entry?.key === key && entry.type === type ? entry.username : undefined;
  }

  /** Caches credentials for the configured time, but not beyond `expiresAt` (milliseconds since 1970). */
  add(type: string, key: string, username: string, expiresAt: number): void {
    if (this.#ttl <= 0) return;
    this.#entries.set(
      cacheKey(key),
      { type, key, username },
      Math.min(expiresAt, this.#clock.now() + this.#ttl),
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
