declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Resolves in a later turn of the event loop, so that other events are handled before. Browsers have no `setImmediate`. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
