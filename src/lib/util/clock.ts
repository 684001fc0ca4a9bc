/** A source of time and timers. Tests inject a clock that they advance. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds. The timer does not keep the process alive. */
  setTimeout(callback: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

class SystemTimer implements Timer {
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(callback: () => void, ms: number) {
    this.#timer = setTimeout(callback, ms);
    // In browsers, a timer is a number without `unref`.
    (this.#timer as { unref?(): void }).unref?.();
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => new SystemTimer(callback, ms),
};
