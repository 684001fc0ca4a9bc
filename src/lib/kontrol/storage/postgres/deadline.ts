import type { Clock } from '../../../util/clock.js';
import { NoAnswer } from './failures.js';

/** Rejects with `NoAnswer` where the work takes longer than `ms`; `abandon` ends it then. */
export function withDeadline<Result>(
  clock: Clock,
  ms: number,
  work: Promise<Result>,
  abandon: () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(
      () => {
        reject(new NoAnswer(ms));
        abandon();
      },
      Math.max(0, ms),
    );
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
