/** Something that is over at a time that may move further away. */
export interface Expiring {
  /** Milliseconds since 1970; Infinity = never. */
  readonly leaseUntil: number;
  /** The second at which the wheel looks at it, which is the wheel's own. */
  checkAt: number;
}

const BUCKET = 1000;

/**
 * What expires when, by the second. An entry is looked at again when the time at which it was added has come, so that a
 * sign of life costs nothing but the new time in the entry.
 */
export class ExpiryWheel<Entry extends Expiring> {
  readonly #buckets = new Map<number, Entry[]>();

  /** For an entry that is new, or whose time has moved closer. */
  add(entry: Entry): void {
    this.#put(entry, entry.leaseUntil);
  }

  /** Takes out what may have expired at `now`. What has not, by its own account, is to be added again. */
  *take(now: number): Generator<Entry> {
    for (const [second, entries] of this.#buckets) {
      if (second * BUCKET > now) continue;
      this.#buckets.delete(second);
      // One that was put elsewhere since is looked at there.
      for (const entry of entries) if (entry.checkAt === second) yield entry;
    }
  }

  /** Looks at the entry again at `time`. */
  addAt(entry: Entry, time: number): void {
    this.#put(entry, time);
  }

  #put(entry: Entry, time: number): void {
    if (time === Infinity) return;
    const second = Math.ceil(time / BUCKET);
    if (entry.checkAt === second) return;
    entry.checkAt = second;
    const bucket = this.#buckets.get(second);
    if (bucket) bucket.push(entry);
    else this.#buckets.set(second, [entry]);
  }
}
