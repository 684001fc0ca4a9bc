/** Time as something that is passed in, so that a test can advance ten days without waiting for them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `callback` once after `ms`. The timer does not keep the process alive. */
  setTimeout(callback: () => void, ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

class SystemTimer implements Timer {
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(callback: () => void, ms: number) {
    this.#timer = setTimeout(callback, ms);
    // A browser's timers are numbers and cannot be unreferenced.
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
