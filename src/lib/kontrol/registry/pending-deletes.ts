import type { RegistryEntry } from './registry-entry.js';
import type { Storage } from '../storage/shared/storage.js';

/** Kites that were deregistered on this node and that the store may still contain. */
export class PendingDeletes {
  readonly #storage: Storage;
  readonly #urls = new Map<string, string>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  add({ kite, url }: RegistryEntry): void {
    this.#urls.set(kite.id, url);
  }

  has(id: string): boolean {
    return this.#urls.has(id);
  }

  /** Cancels the deletion of a kite that has registered again. */
  forget(id: string): void {
    this.#urls.delete(id);
  }

  /** Deletes the kite from the store. Rejects with a StorageError; the deletion then stays pending. */
  async flush(id: string): Promise<void> {
    const url = this.#urls.get(id);
    if (url === undefined) return;
    await this.#storage.delete(id, url);
    if (this.#urls.get(id) === url) this.#urls.delete(id);
  }

  async flushAll(): Promise<void> {
    for (const id of Array.from(this.#urls.keys())) await this.flush(id);
  }
}
