import { runGuarded } from './guard-listeners.js';
import type { Logger } from './logger.js';
import { messageOf } from './message-of.js';

type Listener<A extends unknown[]> = (...args: A) => unknown;

/**
 * A typed event emitter for Node and pages. `Events` maps the name of an event to the arguments of its listeners. If a listener
 * throws, or returns a promise that rejects, the error is logged. The other listeners are called, and the program continues.
 */
export class Emitter<Events extends Record<string, unknown[]>> {
  readonly #logger: Pick<Logger, 'error'>;
  #listeners: Map<keyof Events, Set<Listener<never>>> | undefined;

  /** @internal The failures of listeners are logged with `logger`. */
  constructor(logger: Pick<Logger, 'error'>) {
    this.#logger = logger;
  }

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
      return listener(...args);
    });
    return off;
  }

  /** @internal Calls the listeners of an event. Only for the object that owns the emitter. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const listeners = this.#listeners?.get(name);
    if (!listeners) return;
    const failed = (error: unknown): void => this.#logger.error(`Listener failed: ${messageOf(error)}`);
    for (const listener of new Set(listeners)) runGuarded(failed, listener as Listener<Events[Name]>, args);
  }
}
