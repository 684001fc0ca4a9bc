import { type KiteIdentity, kitePath } from '../../protocol/identity.js';

/** Returns kites in the order of their paths, in which all commands list them. */
export function sortByPath<One extends { readonly kite: KiteIdentity }>(found: readonly One[]): One[] {
  return found.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
}
