/** The URL in the argument of `register`: `{url}`, as kites of Go send it, or the string alone, as `kite.js` does. */
export function registeredUrl(argument: unknown): unknown {
  return typeof argument === 'object' && argument !== null ? (argument as { url?: unknown }).url : argument;
}
