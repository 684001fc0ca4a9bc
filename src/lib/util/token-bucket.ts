import type { Clock } from './clock.js';

/** A rate limit: starts with `capacity` tokens, and adds one every `interval` milliseconds, up to `capacity`. */
export class TokenBucket {
  readonly #interval: number;
  readonly #capacity: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(interval: number, capacity: number, clock: Clock) {
    if (!(interval > 0)) throw new RangeError(`The fill interval must be more than 0 ms, not ${interval}`);
    if (!(capacity >= 1)) throw new RangeError(`The capacity must be at least 1, not ${capacity}`);
    this.#interval = interval;
    this.#capacity = capacity;
    this.#clock = clock;
    this.#tokens = capacity;
    this.#filledAt = clock.monotonic();
  }

  /** Takes a token. Returns false if there is none. */
  take(): boolean {
    const now = this.#clock.monotonic();
    const filled = Math.floor((now - this.#filledAt) / this.#interval);
    if (filled > 0) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + filled);
      this.#filledAt += filled * this.#interval;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
