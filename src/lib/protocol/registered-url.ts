/** Returns the URL in the argument of `register`: `{url}`, as Go kites send it, or a string, as `kite.js` sends it. */
export function registeredUrl(argument: unknown): unknown {
  return typeof argument === 'object' && argument !== null ? (argument as { url?: unknown }).url : argument;
}
