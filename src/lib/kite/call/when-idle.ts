/** The calls of one connection that are running. */
export interface RunningCalls {
  readonly running: number;
  /** Called when the last running call has ended. */
  onIdle: (() => void) | undefined;
}

/** Resolves when no call of a peer is running. */
export function whenIdle(calls: RunningCalls): Promise<void> {
  if (calls.running === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const previous = calls.onIdle;
    calls.onIdle = () => {
      previous?.();
      resolve();
    };
  });
}
