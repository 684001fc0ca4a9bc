/** A source of time and timers. Tests inject a clock that they advance. */
export interface Clock {
  /**
   * Returns the time in milliseconds since 1970. It jumps when somebody sets the clock of the machine, so it is only for dates that
   * people read, that are stored, or that other machines wrote, such as the expiry of a token.
   */
  now(): number;
  /** Returns milliseconds since a fixed time in the past. It never jumps: for deadlines, leases and durations. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds, which may be any duration. The timer does not keep the process alive. */
  setTimeout(callback: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

/** The longest delay of a timer of Node or of a browser, in milliseconds. A longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(callback: () => void, ms: number) {
    this.#start(callback, ms);
  }

  #start(callback: () => void, ms: number): void {
    this.#timer =
      ms > MAX_DELAY
        ? setTimeout(() => this.#start(callback, ms - MAX_DELAY), MAX_DELAY)
        : setTimeout(callback, ms);
    // In browsers, a timer is a number without `unref`.
    (this.#timer as { unref?(): void }).unref?.();
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => new SystemTimer(callback, ms),
};
