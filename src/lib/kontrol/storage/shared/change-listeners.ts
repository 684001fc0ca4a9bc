import type { StorageChange } from './storage.js';

/** Those who want to hear of the changes in a store. */
export class ChangeListeners {
  readonly #listeners = new Set<(change: StorageChange) => void>();

  get empty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Returns the function that stops it. */
  add(listener: (change: StorageChange) => void): () => void {
    // One of its own, so that each is stopped for itself.
    const own = (change: StorageChange): void => listener(change);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  tell(change: StorageChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
