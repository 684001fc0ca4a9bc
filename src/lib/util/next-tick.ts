type Defer = (callback: () => void) => void;

/**
 * Calls a callback after the current turn of the event loop: with `process.nextTick` in Node, before promise callbacks, and as a
 * microtask in a page.
 */
export const nextTick: Defer =
  (globalThis as { readonly process?: { readonly nextTick?: Defer } }).process?.nextTick ??
  ((callback) => queueMicrotask(callback));
