import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';
import type { KiteQuery } from '../../protocol/query.js';

interface Indexed {
  readonly kite: KiteIdentity;
}

type Node<Item> = Item[] | Map<string, Node<Item>>;

// Most kites share their path with few others. A map for each part of each path would take more memory than the kites.
const LARGEST_BUCKET = 16;

/**
 * Kites by the parts of their path, so that finding those below a path takes as long as there are kites below it,
 * however many there are beside it. A branch grows only where more than sixteen kites share a path.
 */
export class KiteIndex<Item extends Indexed> {
  #root: Node<Item> = [];

  add(item: Item): void {
    this.#root = added(this.#root, 0, item);
  }

  remove(item: Item): void {
    removed(this.#root, 0, item);
  }

  /**
   * What the query may ask for: every item that it does ask for is among them, and not many others. The version is left
   * to who asks.
   */
  candidates(query: KiteQuery): Item[] {
    const found: Item[] = [];
    collect(this.#root, 0, query, found);
    return found;
  }
}

function added<Item extends Indexed>(node: Node<Item>, depth: number, item: Item): Node<Item> {
  if (Array.isArray(node)) {
    node.push(item);
    return node.length > LARGEST_BUCKET && depth < IDENTITY_FIELDS.length ? split(node, depth) : node;
  }
  const key = keyOf(item, depth);
  const child = node.get(key);
  const next = child ? added(child, depth + 1, item) : [item];
  if (next !== child) node.set(key, next);
  return node;
}

function split<Item extends Indexed>(items: readonly Item[], depth: number): Node<Item> {
  const branch: Node<Item> = new Map();
  for (const item of items) added(branch, depth, item);
  return branch;
}

/** Whether nothing is left of the node. */
function removed<Item extends Indexed>(node: Node<Item>, depth: number, item: Item): boolean {
  if (Array.isArray(node)) {
    const index = node.indexOf(item);
    if (index !== -1) node.splice(index, 1);
    return node.length === 0;
  }
  const key = keyOf(item, depth);
  const child = node.get(key);
  if (child && removed(child, depth + 1, item)) node.delete(key);
  return node.size === 0;
}

function collect<Item extends Indexed>(
  node: Node<Item>,
  depth: number,
  query: KiteQuery,
  found: Item[],
): void {
  if (Array.isArray(node)) {
    for (const item of node) found.push(item);
    return;
  }
  const field = IDENTITY_FIELDS[depth];
  const wanted = field === undefined || field === 'version' ? undefined : query[field];
  if (wanted) {
    const child = node.get(wanted);
    if (child) collect(child, depth + 1, query, found);
    return;
  }
  for (const child of node.values()) collect(child, depth + 1, query, found);
}

function keyOf(item: Indexed, depth: number): string {
  const field = IDENTITY_FIELDS[depth];
  return field ? item.kite[field] : '';
}
