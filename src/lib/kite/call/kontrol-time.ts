import type { Clock } from '../../util/clock.js';

/**
 * The time of Kontrol, which writes the expiry of tokens. It is the time here, unless Kontrol has shown that this clock is wrong.
 * The clock of this machine may be set at any time, so the difference that was found refers to the monotonic clock.
 */
export class KontrolTime {
  readonly #clock: Clock;
  /** How far Kontrol is ahead of the monotonic clock, in milliseconds. NaN if the clock here is right. */
  #ahead = NaN;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.monotonic() + this.#ahead || this.#clock.now();
  }

  /**
   * Kontrol has answered: its time is between `from` and `to`, and most likely `time`. Returns what the time was corrected by, in
   * milliseconds; 0 if it was right.
   */
  observe(from: number, to: number, time: number): number {
    const now = this.now();
    if (now < from || now > to) {
      this.#ahead = time - this.#clock.monotonic();
      return time - now;
    }
    return 0;
  }
}
