import type { SilentMark } from '../storage/shared/storage.js';
import type { RegistryEntry } from './registry-entry.js';

/** Writes the marks of silent kites to the store. Those that are added during a write are written together. */
export class SilentMarks {
  readonly #write: (marks: readonly SilentMark[]) => Promise<void>;
  #waiting = new Set<RegistryEntry>();
  #writing: Promise<void> | undefined;

  /** `write` rejects if the store cannot be reached. The marks are then not written: the kites return, or their leases end. */
  constructor(write: (marks: readonly SilentMark[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the mark is written, or is not needed any more. */
  add(entry: RegistryEntry): Promise<void> {
    this.#waiting.add(entry);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Resolves once all marks are written. Never rejects. */
  async idle(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    // Includes the marks of the current turn of the event loop.
    await Promise.resolve();
    try {
      while (this.#waiting.size > 0) {
        const marks = [...this.#waiting].flatMap(markOf);
        this.#waiting.clear();
        if (marks.length > 0) await this.#write(marks);
      }
    } finally {
      this.#waiting.clear();
    }
  }
}

/** A kite that has registered again meanwhile has no mark. */
function markOf({
  kite,
  silentSince,
  storedExpiresAt: expiresAt,
  node,
  remote,
}: RegistryEntry): SilentMark[] {
  return silentSince === undefined || remote ? [] : [{ id: kite.id, silentSince, expiresAt, node }];
}
