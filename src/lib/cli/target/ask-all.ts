/** Maximum time that an answer is awaited, in milliseconds. */
const PROBE_TIMEOUT = 2000;

export interface AskOptions {
  /** Maximum number of questions at a time. */
  readonly parallel: number;
  /** Milliseconds after which no more questions are asked. 0 means no end. */
  readonly time: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/**
 * Calls `ask` for each item, for the next one as soon as a previous call has ended, until the time has passed. `timeout` is the
 * time that it may wait for the answer, in milliseconds. `ask` must not reject.
 *
 * @returns the items that were not asked
 */
export async function askAll<Item>(
  items: Iterable<Item>,
  ask: (item: Item, timeout: number) => Promise<unknown>,
  { parallel, time, now, signal }: AskOptions,
): Promise<readonly Item[]> {
  const queue = [...items];
  const end = time === 0 ? Number.POSITIVE_INFINITY : now() + time;
  let next = 0;
  const askInTurn = async (): Promise<void> => {
    while (next < queue.length && !signal.aborted) {
      const remaining = end - now();
      if (remaining <= 0) return;
      await ask(queue[next++] as Item, Math.min(PROBE_TIMEOUT, remaining));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, askInTurn));
  return queue.slice(next);
}
