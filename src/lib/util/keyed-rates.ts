import type { Clock } from './clock.js';
import { LruMap } from './lru-map.js';
import { TokenBucket } from './token-bucket.js';

/** A rate limit for each key: a token bucket, which is full at the start. */
export class KeyedRates {
  readonly #interval: number;
  readonly #capacity: number;
  readonly #clock: Clock;
  readonly #buckets: LruMap<TokenBucket>;

  /** `keys`: the maximum number of keys. If it is exceeded, the least recently used one is full again. */
  constructor(interval: number, capacity: number, keys: number, clock: Clock) {
    this.#interval = interval;
    this.#capacity = capacity;
    this.#clock = clock;
    this.#buckets = new LruMap(keys, clock);
  }

  /** Takes a token of a key. Returns false if there is none. */
  take(key: string): boolean {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(this.#interval, this.#capacity, this.#clock);
      this.#buckets.set(key, bucket);
    }
    return bucket.take();
  }
}
