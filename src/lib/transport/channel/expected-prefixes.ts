import { MAX_PREFIXES } from '../limits/transport-limits.js';

/** Returns the expected prefixes with one added, newest first. Removes the oldest if there are too many. */
export function addPrefix<Prefix>(prefixes: readonly Prefix[], prefix: Prefix): readonly Prefix[] {
  return [prefix, ...prefixes].slice(0, MAX_PREFIXES);
}
