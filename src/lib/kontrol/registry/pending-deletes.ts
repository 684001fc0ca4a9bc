import { isSameEntry } from '../storage/shared/entries.js';
import type { HeldEntry, Registration, Storage } from '../storage/shared/storage.js';
import type { RegistryEntry } from './registry-entry.js';

/** Kites that were deregistered on this node and that the store may still contain. */
export class PendingDeletes {
  readonly #storage: Storage;
  readonly #held = new Map<string, HeldEntry>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  add({ kite, url, node }: RegistryEntry): void {
    this.#held.set(kite.id, { url, node });
  }

  /** Whether this entry of the store is to be deleted. A kite that has moved to another node meanwhile stays. */
  covers(registration: Registration): boolean {
    const { id } = registration.kite;
    const held = this.#held.get(id);
    if (held === undefined) return false;
    if (isSameEntry(registration, held)) return true;
    this.forget(id);
    return false;
  }

  /** Cancels the deletion of a kite that has registered again. */
  forget(id: string): void {
    this.#held.delete(id);
  }

  /** Deletes the kite from the store. Rejects with a StorageError; the deletion then stays pending. */
  async flush(id: string): Promise<void> {
    const held = this.#held.get(id);
    if (held === undefined) return;
    await this.#storage.delete(id, held);
    if (this.#held.get(id) === held) this.#held.delete(id);
  }

  async flushAll(): Promise<void> {
    for (const id of Array.from(this.#held.keys())) await this.flush(id);
  }
}
