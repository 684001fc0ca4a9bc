export interface BackoffOptions {
  /** Milliseconds before the second try. Default 200. */
  readonly initial?: number;
  /** Longest wait in milliseconds. Default 10,000. */
  readonly max?: number;
  /** Where the jitter comes from: a number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Waits that double from `initial` to `max`, each shortened by up to a half at random, so that the clients of a server
 * that restarts do not all come back in the same instant.
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

  /** Milliseconds to wait before the next try. */
  next(): number {
    const wait = this.#next;
    this.#next = Math.min(this.#next * 2, this.#max);
    return wait * (1 - this.#random() / 2);
  }

  /** The last try succeeded: the next wait is the shortest again. */
  reset(): void {
    this.#next = this.#initial;
  }
}
