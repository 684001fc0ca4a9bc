import type { CallbackPath } from './dnode-message.js';

/** Where a path leads: a place that exists and is an own one. */
interface Place {
  readonly container: Record<string | number, unknown>;
  readonly key: string | number;
}

/**
 * Puts functions back into what a message carried: `make` gets the number of each and returns what is to stand in its
 * place. A path that leads nowhere, or to what is inherited, is ignored. `root` itself is what the paths start from.
 */
export function unscrub(
  root: unknown[],
  callbacks: readonly CallbackPath[],
  make: (number: number) => unknown,
): void {
  for (const { number, path } of callbacks) {
    const place = findPlace(root, path);
    if (place) place.container[place.key] = make(number);
  }
}

function findPlace(root: unknown, path: readonly unknown[]): Place | undefined {
  let place: Place | undefined;
  let value = root;
  for (const component of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    const key = ownKey(value, component);
    if (key === undefined) return undefined;
    place = { container: value as Record<string | number, unknown>, key };
    value = place.container[key];
  }
  return place;
}

/** Go writes array indexes as numbers, JavaScript's dnode as strings: both are accepted, for what exists. */
function ownKey(value: object, component: unknown): string | number | undefined {
  if (typeof component !== 'string' && typeof component !== 'number') return undefined;
  if (Array.isArray(value)) {
    const index = Number(component);
    const canonical =
      Number.isInteger(index) && index >= 0 && index < value.length && String(index) === String(component);
    return canonical ? index : undefined;
  }
  const key = String(component);
  // JSON can make an own property of this name; nobody has a reason to put a function there.
  return key !== '__proto__' && Object.hasOwn(value, key) ? key : undefined;
}
