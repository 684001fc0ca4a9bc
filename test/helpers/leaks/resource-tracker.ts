/** A resource of the process: open from when it is tracked until it is released. */
export interface Resource {
  readonly kind: string;
  readonly detail: string;
}

/** Records the resources that are open, and notifies a waiter when one is released. */
export class ResourceTracker {
  readonly #open = new Set<Resource>();
  readonly #waiters = new Set<() => void>();

  /** The open resources, oldest first. */
  get open(): Iterable<Resource> {
    return this.#open;
  }

  /** Records a resource. Returns a function that releases it, once. */
  track(kind: string, detail: string): () => void {
    const resource = { kind, detail };
    this.#open.add(resource);
    return () => {
      if (!this.#open.delete(resource)) return;
      for (const waiter of this.#waiters) waiter();
    };
  }

  /** Calls `waiter` each time a resource is released. Returns a function that ends this. */
  onRelease(waiter: () => void): () => void {
    this.#waiters.add(waiter);
    return () => void this.#waiters.delete(waiter);
  }
}
