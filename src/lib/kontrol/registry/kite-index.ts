import { type GlobMatcher, globMatcher, isGlob, matchesEverything } from '../../protocol/glob.js';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';
import { exactValue, type KiteQuery, type QueryField } from '../../protocol/query.js';

interface Indexed {
  readonly kite: KiteIdentity;
}

type Node<Item> = Item[] | Map<string, Node<Item>>;

// Most kites share their path with few others. A map for each segment of each path would take more memory than the kites.
const MAX_BUCKET_SIZE = 16;

/**
 * An index of kites by the segments of their paths. The time to find the kites below a path depends only on how many there
 * are. A branch is created only if more than 16 kites share a path.
 */
export class KiteIndex<Item extends Indexed> {
  #root: Node<Item> = [];

  add(item: Item): void {
    this.#root = insertInto(this.#root, 0, item);
  }

  remove(item: Item): void {
    removeFrom(this.#root, 0, item);
  }

  /**
   * Returns a small superset of the items that match a query without globs. The caller filters them, for instance by version.
   */
  candidates(query: KiteQuery): Item[] {
    const results: Item[] = [];
    collect(this.#root, 0, query, results);
    return results;
  }

  /**
   * Yields a small superset of the items that match a query with globs, and `undefined` for each other value that is compared
   * with a glob, so that the caller can pause. No item is yielded twice; items that are added meanwhile may be missing.
   */
  search(query: KiteQuery): Generator<Item | undefined, void, void> {
    const steps = IDENTITY_FIELDS.map((field) => stepOf(query, field));
    return searchBelow(this.#root, steps, 0);
  }
}

/** How a search descends from a node: to the child with this key, or to those whose keys match. */
type SearchStep =
  | { readonly type: 'exact'; readonly value: string }
  | { readonly type: 'glob'; readonly matches: GlobMatcher };

/** Returns undefined if the search descends to all children. */
function stepOf(query: KiteQuery, field: QueryField): SearchStep | undefined {
  const value = exactValue(query, field);
  if (value !== undefined) return { type: 'exact', value };
  const glob = query[field] ?? '';
  // A version may be a constraint, which the caller checks.
  if (!isGlob(glob) || matchesEverything(glob)) return undefined;
  return { type: 'glob', matches: globMatcher(glob) };
}

function* searchBelow<Item>(
  node: Node<Item>,
  steps: readonly (SearchStep | undefined)[],
  depth: number,
): Generator<Item | undefined, void, void> {
  if (Array.isArray(node)) {
    yield* node.slice();
    return;
  }
  const step = steps[depth];
  const keys = step?.type === 'exact' ? [step.value] : yield* matchingKeys(node, step);
  for (const key of keys) {
    const child = node.get(key);
    if (child) yield* searchBelow(child, steps, depth + 1);
  }
}

/** Returns the keys of a node that match now. The node changes while the search pauses. */
function* matchingKeys<Item>(
  node: ReadonlyMap<string, Node<Item>>,
  step: Extract<SearchStep, { readonly type: 'glob' }> | undefined,
): Generator<undefined, ReadonlySet<string>, void> {
  const keys = new Set<string>();
  // A key that is removed and added again moves to the end.
  let left = node.size;
  for (const key of node.keys()) {
    if (left-- <= 0) break;
    if (step === undefined || step.matches(key)) keys.add(key);
    yield undefined;
  }
  return keys;
}

function insertInto<Item extends Indexed>(node: Node<Item>, depth: number, item: Item): Node<Item> {
  if (Array.isArray(node)) {
    node.push(item);
    return node.length > MAX_BUCKET_SIZE && depth < IDENTITY_FIELDS.length ? split(node, depth) : node;
  }
  const key = keyOf(item, depth);
  const child = node.get(key);
  const next = child ? insertInto(child, depth + 1, item) : [item];
  if (next !== child) node.set(key, next);
  return node;
}

function split<Item extends Indexed>(items: readonly Item[], depth: number): Node<Item> {
  const branch: Node<Item> = new Map();
  for (const item of items) insertInto(branch, depth, item);
  return branch;
}

/** Returns whether the node is empty afterwards. */
function removeFrom<Item extends Indexed>(node: Node<Item>, depth: number, item: Item): boolean {
  if (Array.isArray(node)) {
    const index = node.indexOf(item);
    if (index !== -1) node.splice(index, 1);
    return node.length === 0;
  }
  const key = keyOf(item, depth);
  const child = node.get(key);
  if (child && removeFrom(child, depth + 1, item)) node.delete(key);
  return node.size === 0;
}

function collect<Item extends Indexed>(
  node: Node<Item>,
  depth: number,
  query: KiteQuery,
  results: Item[],
): void {
  if (Array.isArray(node)) {
    for (const item of node) results.push(item);
    return;
  }
  const field = IDENTITY_FIELDS[depth];
  const value = field && exactValue(query, field);
  if (value) {
    const child = node.get(value);
    if (child) collect(child, depth + 1, query, results);
    return;
  }
  for (const child of node.values()) collect(child, depth + 1, query, results);
}

function keyOf(item: Indexed, depth: number): string {
  const field = IDENTITY_FIELDS[depth];
  return field ? item.kite[field] : '';
}
