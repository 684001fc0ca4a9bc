type Listener<A extends unknown[]> = (...args: A) => void;

/**
 * A typed event emitter for Node and pages. `Events` maps the name of an event to the arguments of its listeners. If a listener
 * throws, the others are still called, and the error becomes an uncaught exception.
 */
export class Emitter<Events extends Record<string, unknown[]>> {
  #listeners: Map<keyof Events, Set<Listener<never>>> | undefined;

  /** Calls `listener` at each event. Returns a function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    this.#listeners ??= new Map();
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  /** Calls `listener` at the next event only. Returns a function that removes the listener. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const off = this.on(name, (...args) => {
      off();
      listener(...args);
    });
    return off;
  }

  /** @internal Calls the listeners of an event. Only for the object that owns the emitter. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const set = this.#listeners?.get(name);
    if (!set) return;
    for (const listener of Array.from(set)) {
      try {
        (listener as Listener<Events[Name]>)(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
