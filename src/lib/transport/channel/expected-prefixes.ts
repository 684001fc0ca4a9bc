import { KEPT_PREFIXES } from '../limits/transport-limits.js';

/** The remembered beginnings with one more: the newest first, and the oldest forgotten where there are too many. */
export function withPrefix<Prefix>(prefixes: readonly Prefix[], prefix: Prefix): readonly Prefix[] {
  return [prefix, ...prefixes].slice(0, KEPT_PREFIXES);
}
