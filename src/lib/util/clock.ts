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

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer: { unref?(): void } | number = setTimeout(callback, ms);
    // A browser's timers are numbers and cannot be unreferenced.
    if (typeof timer === 'object') timer.unref?.();
    return {
      cancel() {
        clearTimeout(timer as NodeJS.Timeout);
      },
    };
  },
};
