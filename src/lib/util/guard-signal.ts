import { type ListenerFailed, runGuarded } from './guard-listeners.js';

type AbortListener = (event: unknown) => unknown;

/** A listener of an event target: a function, or an object with a method. */
type ListenerOrObject = AbortListener | { handleEvent(event: unknown): unknown };

/**
 * Guards the listeners that a program adds to a signal. In Node, what a listener of an event target throws ends the process.
 * `failed` must not throw. Signals that depend on this one, such as those of `AbortSignal.any`, are not guarded.
 */
export function guardSignal(signal: AbortSignal, failed: ListenerFailed): AbortSignal {
  const guarded = new WeakMap<ListenerOrObject, AbortListener>();
  const target: EventTarget = signal;
  const add = target.addEventListener.bind(target) as (...args: unknown[]) => void;
  const remove = target.removeEventListener.bind(target) as (...args: unknown[]) => void;
  let onabort: unknown = null;

  const guard = (listener: unknown): unknown => {
    if (!isListener(listener)) return listener;
    // The same listener is added only once, and can be removed.
    let wrapper = guarded.get(listener);
    if (!wrapper) {
      wrapper = (event) =>
        runGuarded(
          failed,
          () => (typeof listener === 'function' ? listener.call(signal, event) : listener.handleEvent(event)),
          [],
        );
      guarded.set(listener, wrapper);
      // Node removes a listener with the arguments with which it was added.
      guarded.set(wrapper, wrapper);
    }
    return wrapper;
  };

  Object.defineProperties(signal, {
    addEventListener: {
      value: (type: string, listener: unknown, options?: unknown) => add(type, guard(listener), options),
    },
    removeEventListener: {
      value: (type: string, listener: unknown, options?: unknown) => remove(type, guard(listener), options),
    },
    onabort: {
      get: () => onabort,
      set: (listener: unknown) => {
        remove('abort', handler);
        onabort = typeof listener === 'function' ? listener : null;
        if (onabort) add('abort', handler);
      },
    },
  });
  const handler = (event: unknown): void =>
    runGuarded(failed, () => (onabort as AbortListener | null)?.call(signal, event), []);
  return signal;
}

function isListener(value: unknown): value is ListenerOrObject {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}
