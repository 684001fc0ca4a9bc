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
 * Calls `ask` for each item, for the next one as soon as a previous call has ended, until the time has passed. `remaining` is the
 * time that is left for the answer, in milliseconds. `ask` must not reject.
 *
 * @returns the items that were not asked
 */
export async function askAll<Item>(
  items: Iterable<Item>,
  ask: (item: Item, remaining: number) => Promise<unknown>,
  { parallel, time, now, signal }: AskOptions,
): Promise<readonly Item[]> {
  const queue = [...items];
  const end = time === 0 ? Number.POSITIVE_INFINITY : now() + time;
  let next = 0;
  const askInTurn = async (): Promise<void> => {
    while (next < queue.length && !signal.aborted) {
      const remaining = end - now();
      if (remaining <= 0) return;
      await ask(queue[next++] as Item, remaining);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, askInTurn));
  return queue.slice(next);
}
