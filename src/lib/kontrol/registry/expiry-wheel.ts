/** An entry that expires at a time which can be postponed. */
export interface Expiring {
  /** Milliseconds of the monotonic clock. Infinity: the entry does not expire. */
  readonly leaseExpiresAt: number;
  /** The second at which the wheel checks the entry. Written by the wheel only. */
  checkAt: number;
}

const BUCKET_MS = 1000;

/**
 * A timer wheel with a resolution of one second. An entry is checked at the time that it was added with, so that a heartbeat
 * only has to write the new time to the entry.
 */
export class ExpiryWheel<Entry extends Expiring> {
  readonly #buckets = new Map<number, Entry[]>();

  /** Adds an entry that is new, or that expires earlier than before. */
  add(entry: Entry): void {
    this.#schedule(entry, entry.leaseExpiresAt);
  }

  /** Removes and yields the entries that may have expired at `now`. The caller adds those that have not back. */
  *takeDue(now: number): Generator<Entry> {
    for (const [second, entries] of this.#buckets) {
      if (second * BUCKET_MS > now) continue;
      this.#buckets.delete(second);
      // An entry that was rescheduled is checked in its new bucket.
      for (const entry of entries) if (entry.checkAt === second) yield entry;
    }
  }

  /** Schedules the next check of the entry at `time`. */
  addAt(entry: Entry, time: number): void {
    this.#schedule(entry, time);
  }

  #schedule(entry: Entry, time: number): void {
    if (time === Infinity) return;
    const second = Math.ceil(time / BUCKET_MS);
    if (entry.checkAt === second) return;
    entry.checkAt = second;
    const bucket = this.#buckets.get(second);
    if (bucket) bucket.push(entry);
    else this.#buckets.set(second, [entry]);
  }
}
