import type { Clock } from '../../util/clock.js';

/** The share of calls that may be made again. */
const RETRY_SHARE = 0.1;
/** Retries per second that are allowed however few calls there are. */
const RETRIES_PER_SECOND = 10;
/** Retries that a service has when it begins, and that it can save up without calls. */
const RESERVE = 100;
/** Retries that a service can save up with calls. */
const SAVED = 1000;

/**
 * Limits the retries of a service to a share of its calls, so that failures do not multiply the load of the kites that are
 * left.
 */
export class RetryBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #balance = RESERVE;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** A call is made for the first time. */
  earn(): void {
    if (this.#balance < SAVED) this.#balance += RETRY_SHARE;
  }

  /** Returns whether a call may be made again, and counts it. */
  spend(): boolean {
    const now = this.#clock.monotonic();
    const earned = ((now - this.#at) / 1000) * RETRIES_PER_SECOND;
    this.#at = now;
    if (this.#balance < RESERVE) this.#balance = Math.min(RESERVE, this.#balance + earned);
    if (this.#balance < 1) return false;
    this.#balance--;
    return true;
  }
}
