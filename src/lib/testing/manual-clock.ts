import type { Clock, Timer } from '../util/clock.js';

interface Waiting {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test advances it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #waiting = new Set<Waiting>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that have not run. */
  get timers(): number {
    return this.#waiting.size;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const waiting = { at: this.#now + ms, callback };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Lets `ms` milliseconds pass; what is due on the way runs in its order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#next();
      if (!next || next.at > until) break;
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /**
   * Lets `ms` milliseconds pass at once, as on a machine that was suspended: what is due runs once, late, and in its order.
   * Days pass in a moment this way, since what recurs does not recur on the way.
   */
  leap(ms: number): void {
    this.#now += ms;
    const due = [...this.#waiting].filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at);
    for (const waiting of due) if (this.#waiting.delete(waiting)) waiting.callback();
  }

  /** What is due first; of what is due at the same time, what was planned first. Days have hundreds of thousands of these. */
  #next(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) if (!next || waiting.at < next.at) next = waiting;
    return next;
  }
}
