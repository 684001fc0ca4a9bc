import type { KiteQuery } from '../../../src/lib/protocol/query.js';
import type { RegistryEntry } from '../../../src/lib/kontrol/registry/registry-entry.js';
import type { Registry } from '../../../src/lib/kontrol/registry/registry.js';

/** Returns all results of a search. */
export function findEntries(registry: Registry, query: KiteQuery): RegistryEntry[] {
  return [...registry.search(query)].filter((entry) => entry !== undefined);
}
