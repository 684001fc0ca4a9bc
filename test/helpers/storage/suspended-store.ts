import type { Storage, StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import type { FakeStorage } from './fake-storage.js';

/** A store as one of several nodes sees it, whose process a test can suspend: answers and changes then wait. */
export class SuspendedStore {
  /** The methods that the node has called. */
  readonly calls: string[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #changes: (() => void)[] = [];
  #isSuspended = false;
  readonly storage: Storage;

  /** The store that the nodes share. */
  readonly shared: FakeStorage;

  constructor(shared: FakeStorage) {
    this.shared = shared;
    this.storage = new Proxy<Storage>(shared, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name === 'watch')
          return (listener: (change: StorageChange) => void) =>
            target.watch((change) => this.#deliver(this.#changes, () => listener(change)));
        return async (...args: unknown[]): Promise<unknown> => {
          this.calls.push(String(name));
          const result = (await Reflect.apply(value, target, args)) as unknown;
          await new Promise<void>((resolve) => this.#deliver(this.#waiting, resolve));
          return result;
        };
      },
    });
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  /** Delivers the answers. The changes wait until `deliverChanges`. */
  resume(): void {
    this.#isSuspended = false;
    for (const deliver of this.#waiting.splice(0)) deliver();
  }

  deliverChanges(): void {
    for (const deliver of this.#changes.splice(0)) deliver();
  }

  #deliver(queue: (() => void)[], deliver: () => void): void {
    if (this.#isSuspended || (queue === this.#changes && queue.length > 0)) queue.push(deliver);
    else deliver();
  }
}
