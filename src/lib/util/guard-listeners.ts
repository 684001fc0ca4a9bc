import type { Logger } from './logger.js';
import { errorText } from './message-of.js';

/** Called with what a listener has thrown, or with what its promise has rejected with. */
export type ListenerFailed = (error: unknown) => void;

/** Turns a listener into one that never throws and whose promise never rejects. */
export type ListenerGuard = <Args extends unknown[]>(
  listener: (...args: Args) => unknown,
) => (...args: Args) => void;

/**
 * Returns a guard for listeners of events that are not those of an `Emitter`: of sockets, requests, processes, stores. Without
 * one, an exception in a listener ends the process. `failed` is called with the error of a listener, and usually ends what the
 * event belongs to. It may throw, which has no effect.
 */
export function guardListeners(failed: ListenerFailed): ListenerGuard {
  const handle = safely(failed);
  return (listener) =>
    (...args) =>
      runGuarded(handle, listener, args);
}

/** Guards one listener. `failed` also gets the arguments of the event. */
export function guardListener<Args extends unknown[]>(
  listener: (...args: Args) => unknown,
  failed: (error: unknown, ...args: Args) => void,
): (...args: Args) => void {
  return (...args) =>
    runGuarded(
      safely((error) => failed(error, ...args)),
      listener,
      args,
    );
}

/** Calls a listener. Passes what it throws, or what its promise rejects with, to `failed`, which must not throw. */
export function runGuarded<Args extends unknown[]>(
  failed: ListenerFailed,
  listener: (...args: Args) => unknown,
  args: Args,
): void {
  try {
    const result = listener(...args);
    // Only promises, because reading `then` of another value may run code of the program.
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Returns a function that logs the failures of listeners. */
export function logListenerFailures(logger: Pick<Logger, 'error'>): ListenerFailed {
  return (error) => logger.error(`A listener failed: ${errorText(error)}`);
}

/** A failure of a function that handles failures has no other place to go. */
function safely(failed: ListenerFailed): ListenerFailed {
  return (error) => {
    try {
      failed(error);
    } catch {
      // See above.
    }
  };
}
