/**
 * The callbacks that this side of a connection has passed to the peer, by number. Numbers start at 0 and are not reused. A
 * function that is shared twice has one number, so that a program that passes the same handler in each call does not fill the
 * table.
 */
export class CallbackTable<Entry extends object> {
  // The maps are created when they are needed: most connections carry calls in one direction only.
  #entries: Map<number, Entry> | undefined;
  #numbers: Map<Entry, number> | undefined;
  /** How often an entry was shared, if more than once. */
  #uses: Map<number, number> | undefined;
  #next = 0;

  /** Number of entries that the peer may still call. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** Adds `entry` with a new number. */
  add(entry: Entry): number {
    const number = this.#next++;
    this.#entries ??= new Map();
    this.#entries.set(number, entry);
    return number;
  }

  /** Returns the number of `entry`. Adds it with a new number if it was not shared before. */
  share(entry: Entry): number {
    this.#numbers ??= new Map();
    let number = this.#numbers.get(entry);
    if (number === undefined) this.#numbers.set(entry, (number = this.add(entry)));
    else (this.#uses ??= new Map()).set(number, (this.#uses.get(number) ?? 1) + 1);
    return number;
  }

  /** Returns the entry with this number. Returns undefined if it does not exist or was deleted. */
  get(number: number): Entry | undefined {
    return this.#entries?.get(number);
  }

  /** Deletes the entry with this number. Later calls of it are ignored. */
  delete(number: number): void {
    const entry = this.#entries?.get(number);
    if (entry === undefined) return;
    this.#entries?.delete(number);
    this.#uses?.delete(number);
    if (this.#numbers?.get(entry) === number) this.#numbers.delete(entry);
  }

  /** The peer does not use an entry any more that it was given `count` times. Deletes it if it was not given it more often. */
  release(number: number, count: number): void {
    const uses = (this.#uses?.get(number) ?? 1) - count;
    if (uses <= 0) this.delete(number);
    else this.#uses?.set(number, uses);
  }

  /** Deletes an entry under all of its numbers. */
  deleteEntry(entry: Entry): void {
    for (const [number, other] of this.entries()) if (other === entry) this.delete(number);
  }

  entries(): Iterable<[number, Entry]> {
    return this.#entries ?? [];
  }

  clear(): void {
    this.#entries = undefined;
    this.#numbers = undefined;
    this.#uses = undefined;
  }
}
