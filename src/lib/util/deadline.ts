import type { Clock } from './clock.js';

/**
 * Settles with `work`, or rejects with the error that `onTimeout` returns if it takes longer than `ms` milliseconds. Does not
 * cancel the work, unless `onTimeout` does: its effects may happen later.
 */
export function withDeadline<Result>(
  work: Promise<Result>,
  { clock, ms, onTimeout }: { readonly clock: Clock; readonly ms: number; readonly onTimeout: () => Error },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(onTimeout()), Math.max(0, ms));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Resolves after a number of milliseconds. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, ms));
}
