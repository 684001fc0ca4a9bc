import { SHARED_STRINGS } from '../limits/kontrol-limits.js';

/** Deduplicates equal strings, because kites share most of their fields and each was parsed from a separate message. */
export class StringInterner {
  readonly #strings = new Map<string, string>();

  intern(value: string): string {
    const existing = this.#strings.get(value);
    if (existing !== undefined) return existing;
    // Bounds the memory that made-up names take. Strings that were interned before are only no longer shared.
    if (this.#strings.size >= SHARED_STRINGS) this.#strings.clear();
    this.#strings.set(value, value);
    return value;
  }
}
