import type { Clock } from './clock.js';

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAt: number;
}

/** A bounded map whose entries expire. If it is full, adding an entry removes the least recently used one. */
export class LruMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #capacity: number;
  readonly #clock: Clock;

  constructor(capacity: number, clock: Clock) {
    if (!(capacity >= 1)) throw new RangeError(`The capacity must be at least 1, not ${capacity}`);
    this.#capacity = capacity;
    this.#clock = clock;
  }

  /** Number of entries, including expired entries that have not been removed yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the value of an entry that has not expired. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (this.#clock.monotonic() >= entry.expiresAt) {
      this.#entries.delete(key);
      return undefined;
    }
    // The order matters only when an entry is removed, so it is not updated while half of the map is free.
    if (this.#entries.size * 2 > this.#capacity) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.value;
  }

  /** Adds an entry that expires after `ttl` milliseconds. Default: never. */
  set(key: string, value: Value, ttl: number = Number.POSITIVE_INFINITY): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#capacity) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, expiresAt: this.#clock.monotonic() + ttl });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
