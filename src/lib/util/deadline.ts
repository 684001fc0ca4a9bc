import type { Clock } from './clock.js';

/**
 * Settles with `work`, or rejects with the error that `late` returns if it takes longer than `ms` milliseconds. Does not cancel
 * the work, unless `late` does: its effects may happen later.
 */
export function withDeadline<Result>(
  work: Promise<Result>,
  { clock, ms, late }: { readonly clock: Clock; readonly ms: number; readonly late: () => Error },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(late()), Math.max(0, ms));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
