import type { Clock } from '../../../util/clock.js';
import { isStorageError } from './storage.js';

export interface WriteBatchOptions<Item, Result> {
  /** Most items at a time. */
  readonly size: number;
  /** Milliseconds that an item may take. */
  readonly timeout: number;
  readonly clock: Clock;
  /** What no two items of one batch may share. */
  readonly keyOf: (item: Item) => string;
  /** Writes items, by a time in milliseconds since 1970. The results are in their order. */
  readonly write: (items: readonly Item[], until: number) => Promise<readonly Result[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly until: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what comes while something else is being written in one go. A server makes each transaction durable for itself,
 * and lets those that notify others in one at a time: thousands of small ones would wait for each other.
 */
export class WriteBatch<Item, Result> {
  readonly #options: WriteBatchOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: WriteBatchOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    const { clock, timeout } = this.#options;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, until: clock.now() + timeout, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing is left to write. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What else this turn of the event loop brings goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#write(this.#take());
    // In the same breath: what comes from now on starts it again.
    this.#writing = undefined;
  }

  #take(): Waiting<Item, Result>[] {
    const { size, keyOf } = this.#options;
    const keys = new Set<string>();
    let count = 0;
    for (const { item } of this.#waiting) {
      const key = keyOf(item);
      if (count === size || keys.has(key)) break;
      keys.add(key);
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    try {
      // The first one has waited the longest.
      const results = await this.#options.write(
        batch.map(({ item }) => item),
        first.until,
      );
      batch.forEach(({ resolve }, at) => resolve(results[at] as Result));
    } catch (error) {
      // One of them may be wrong in itself; the others are not to suffer for it.
      if (batch.length === 1 || isStorageError(error)) for (const { reject } of batch) reject(error);
      else for (const each of batch) await this.#write([each]);
    }
  }
}
