import type { Clock } from './clock.js';

/**
 * The outcome of `work`, or the error that `late` makes where it takes longer than `ms`. The work itself goes on, unless
 * `late` ends it: what it was to do may happen later still.
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
