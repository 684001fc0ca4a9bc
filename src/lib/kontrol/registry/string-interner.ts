import { SHARED_STRINGS } from '../limits/kontrol-limits.js';

/** Gives the same string for equal ones. Kites share most of their fields, and each came in a message of its own. */
export class StringInterner {
  readonly #known = new Map<string, string>();

  intern(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // Who makes up names cannot fill the memory: what is forgotten is only no longer shared.
    if (this.#known.size >= SHARED_STRINGS) this.#known.clear();
    this.#known.set(text, text);
    return text;
  }
}
