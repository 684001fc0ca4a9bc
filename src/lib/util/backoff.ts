export interface BackoffOptions {
  /** Delay before the second attempt, in milliseconds. Default: 200. */
  readonly initial?: number;
  /** Maximum delay in milliseconds. Default: 10,000. */
  readonly max?: number;
  /** Returns a random number from 0 (inclusive) to 1 (exclusive), for the jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Exponential backoff. Delays double from `initial` to `max`. Each is reduced by a random part of up to half, so that the clients
 * of a server that restarts do not all reconnect at the same time.
 */
export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #random: () => number;
  #next: number;

  constructor(options: BackoffOptions = {}) {
    this.#initial = options.initial ?? 200;
    this.#max = options.max ?? 10_000;
    this.#random = options.random ?? Math.random;
    this.#next = this.#initial;
  }

  /** Returns the delay before the next attempt, in milliseconds. */
  next(): number {
    const delay = this.#next;
    this.#next = Math.min(this.#next * 2, this.#max);
    return delay * (1 - this.#random() / 2);
  }

  /** Resets the next delay to the shortest. Call it after a successful attempt. */
  reset(): void {
    this.#next = this.#initial;
  }
}
