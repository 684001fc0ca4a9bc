import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru.js';
import { VERIFIED_CREDENTIALS } from '../limits/kite-limits.js';

interface VerifiedCredential {
  readonly type: string;
  readonly key: string;
  readonly username: string;
}

/** Credentials that have been verified, with whose they are. */
export class VerifiedCredentials {
  readonly #entries: LruMap<VerifiedCredential>;
  readonly #ttl: number;
  readonly #clock: Clock;

  constructor(ttl: number, clock: Clock) {
    this.#entries = new LruMap(VERIFIED_CREDENTIALS, clock);
    this.#ttl = ttl;
    this.#clock = clock;
  }

  /** Whose credentials these are. Undefined where they were not verified lately. */
  get(type: string, key: string): string | undefined {
    const entry = this.#entries.get(cacheKey(key));
    return entry?.key === key && entry.type === type ? entry.username : undefined;
  }

  /** Remembers credentials, until `expiresAt` (milliseconds since 1970) at most. */
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

/**
 * The end of the signature: random enough to find the entry by, and much faster to hash than the whole text, which then
 * has to be equal.
 */
function cacheKey(key: string): string {
  return key.slice(-12);
}
