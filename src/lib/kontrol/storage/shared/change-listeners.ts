import type { StorageChange } from './storage.js';

/** The listeners for changes of a store. */
export class ChangeListeners {
  readonly #listeners = new Set<(change: StorageChange) => void>();

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Adds a listener, and returns the function that removes it. */
  add(listener: (change: StorageChange) => void): () => void {
    // A wrapper, so that a function that was added twice is removed separately.
    const wrapper = (change: StorageChange): void => listener(change);
    this.#listeners.add(wrapper);
    return () => this.#listeners.delete(wrapper);
  }

  notify(change: StorageChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
