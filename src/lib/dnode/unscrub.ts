import type { CallbackPath } from './dnode-message.js';

/** An existing own property. */
interface Property {
  readonly container: Record<string | number, unknown>;
  readonly key: string | number;
}

/**
 * Inserts functions into the arguments of a message. `make` returns the function for a number and its placeholder. The paths start
 * at `root`. Ignores paths that do not lead to an existing own property.
 */
export function unscrub(
  root: unknown[],
  callbacks: readonly CallbackPath[],
  make: (number: number, placeholder: unknown) => unknown,
): void {
  for (const { number, path } of callbacks) {
    const property = findProperty(root, path);
    if (property) property.container[property.key] = make(number, property.container[property.key]);
  }
}

function findProperty(root: unknown, path: readonly unknown[]): Property | undefined {
  let property: Property | undefined;
  let value = root;
  for (const component of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    const key = ownKey(value, component);
    if (key === undefined) return undefined;
    property = { container: value as Record<string | number, unknown>, key };
    value = property.container[key];
  }
  return property;
}

/** Returns the own key for a component of a path. Go sends array indexes as numbers, and JavaScript sends them as strings. */
function ownKey(value: object, component: unknown): string | number | undefined {
  if (typeof component !== 'string' && typeof component !== 'number') return undefined;
  if (Array.isArray(value)) {
    const index = Number(component);
    const canonical =
      Number.isInteger(index) && index >= 0 && index < value.length && String(index) === String(component);
    return canonical ? index : undefined;
  }
  const key = String(component);
  // JSON can create an own property with this name, but a function there is never legitimate.
  return key !== '__proto__' && Object.hasOwn(value, key) ? key : undefined;
}
