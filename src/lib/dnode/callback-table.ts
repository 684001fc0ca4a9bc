/**
 * What this side of one connection has handed to the other: numbers that rise from 0 and are never used twice, and what
 * each stands for. The same function handed over twice keeps its number, so that a program that passes one handler to
 * every call does not fill the table.
 */
export class CallbackTable<Entry extends object> {
  // Neither map is made before it is needed: most connections carry calls one way only.
  #entries: Map<number, Entry> | undefined;
  #numbers: Map<Entry, number> | undefined;
  #next = 0;

  /** How many the peer may still call. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** Hands over `entry` under a number of its own. */
  add(entry: Entry): number {
    const number = this.#next++;
    this.#entries ??= new Map();
    this.#entries.set(number, entry);
    return number;
  }

  /** Hands over `entry` under the number that it has, or a new one. */
  share(entry: Entry): number {
    this.#numbers ??= new Map();
    let number = this.#numbers.get(entry);
    if (number === undefined) this.#numbers.set(entry, (number = this.add(entry)));
    return number;
  }

  /** Undefined for a number that was never given out, or is forgotten. */
  get(number: number): Entry | undefined {
    return this.#entries?.get(number);
  }

  /** Forgets one number: a call for it is dropped from now on. */
  delete(number: number): void {
    const entry = this.#entries?.get(number);
    if (entry === undefined) return;
    this.#entries?.delete(number);
    this.#numbers?.delete(entry);
  }

  /** Forgets what was shared, if it was. */
  forget(entry: Entry): void {
    const number = this.#numbers?.get(entry);
    if (number !== undefined) this.delete(number);
  }

  entries(): Iterable<[number, Entry]> {
    return this.#entries ?? [];
  }

  clear(): void {
    this.#entries = undefined;
    this.#numbers = undefined;
  }
}
