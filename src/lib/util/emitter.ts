type Listener<A extends unknown[]> = (...args: A) => void;

/**
 * Typed events, small enough for a page. `Events` maps an event's name to the arguments its listeners get. A listener
 * that throws does not keep the others from being called: its error surfaces as an uncaught exception, like any other
 * bug of the program.
 */
export class Emitter<Events extends Record<string, unknown[]>> {
  #listeners: Map<keyof Events, Set<Listener<never>>> | undefined;

  /** Calls `listener` at each event. Returns the function that stops it. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    this.#listeners ??= new Map();
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  /** Calls `listener` at the next event only. Returns the function that stops it. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const off = this.on(name, (...args) => {
      off();
      listener(...args);
    });
    return off;
  }

  /** @internal For the object that the events are about. */
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
