type Defer = (callback: () => void) => void;

/**
 * Runs a callback once the turn of the event loop is over that is running now. Node does so before it looks at promises
 * that are settled; a page has microtasks for it.
 */
export const nextTick: Defer =
  (globalThis as { readonly process?: { readonly nextTick?: Defer } }).process?.nextTick ??
  ((callback) => queueMicrotask(callback));
