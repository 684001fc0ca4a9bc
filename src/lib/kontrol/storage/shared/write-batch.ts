import type { Clock } from '../../../util/clock.js';
import { isStorageError } from './storage.js';

export interface WriteBatchOptions<Item, Result> {
  /** Maximum number of items in a batch. */
  readonly size: number;
  /** Timeout of an item in milliseconds, including its time in the queue. */
  readonly timeout: number;
  readonly clock: Clock;
  /** Items with the same key are never in the same batch. */
  readonly keyOf: (item: Item) => string;
  /** Writes a batch by a deadline in milliseconds of the monotonic clock. The results are in the order of the items. */
  readonly write: (items: readonly Item[], deadline: number) => Promise<readonly Result[]>;
}

interface PendingWrite<Item, Result> {
  readonly item: Item;
  readonly deadline: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Combines the items that arrive during a write into one batch. A server flushes each transaction to disk, and serializes
 * transactions that send notifications, so thousands of small ones would wait for each other.
 */
export class WriteBatch<Item, Result> {
  readonly #options: WriteBatchOptions<Item, Result>;
  #pending: PendingWrite<Item, Result>[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: WriteBatchOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    const { clock, timeout } = this.#options;
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, deadline: clock.monotonic() + timeout, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves once all items have been written. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Includes the items of the current turn of the event loop.
    await Promise.resolve();
    while (this.#pending.length > 0) await this.#write(this.#nextBatch());
    // No `await` since the queue was empty: later items start the writing again.
    this.#writing = undefined;
  }

  #nextBatch(): PendingWrite<Item, Result>[] {
    const { size, keyOf } = this.#options;
    const keys = new Set<string>();
    let count = 0;
    for (const { item } of this.#pending) {
      const key = keyOf(item);
      if (count === size || keys.has(key)) break;
      keys.add(key);
      count++;
    }
    return this.#pending.splice(0, count);
  }

  async #write(batch: readonly PendingWrite<Item, Result>[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    try {
      // The first item has the earliest deadline.
      const results = await this.#options.write(
        batch.map(({ item }) => item),
        first.deadline,
      );
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      // If one item is invalid, the others must still be written.
      if (batch.length === 1 || isStorageError(error)) for (const { reject } of batch) reject(error);
      else for (const each of batch) await this.#write([each]);
    }
  }
}
