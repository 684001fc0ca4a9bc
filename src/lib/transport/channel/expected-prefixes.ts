/**
 * How many beginnings of messages a connection remembers, to find messages that begin alike. A caller that uses more methods
 * by turns is served as well, only not faster.
 */
const PREFIXES = 4;

/** The remembered beginnings with one more: the newest first, and the oldest forgotten where there are too many. */
export function withPrefix<Prefix>(prefixes: readonly Prefix[], prefix: Prefix): readonly Prefix[] {
  return [prefix, ...prefixes].slice(0, PREFIXES);
}
