import type { Clock, Timer } from '../util/clock.js';

interface PendingTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that does not move until a test advances it. */
export class ManualClock implements Clock {
  /** Milliseconds of the monotonic clock. It does not begin at 0, so that nothing relies on that. */
  #now = 5000;
  /** What `now` is ahead of the monotonic clock. */
  #offset: number;
  readonly #timers = new Set<PendingTimer>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#offset = now - this.#now;
  }

  now(): number {
    return this.#now + this.#offset;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Moves the time of `now` by `ms` milliseconds, as on a machine whose clock is set. Negative: back. Timers are not affected. */
  adjust(ms: number): void {
    this.#offset += ms;
  }

  /** Number of pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Advances the clock by `ms` milliseconds. Runs the timers that expire, in order, each at its time. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#next();
      if (!next || next.at > until) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /**
   * Advances the clock by `ms` milliseconds at once, as on a machine that was suspended. Each timer that has expired runs once,
   * late and in order. Faster than `advance` for long times, because timers that restart themselves run only once.
   */
  leap(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at);
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback();
  }

  /** Returns the timer that expires first. Of timers that expire at the same time, returns the one that was set first. */
  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }
}
