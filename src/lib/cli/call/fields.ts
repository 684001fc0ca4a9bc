import { type CliError, usageError } from '../runtime/cli-error.js';

/** The name of a field, such as `user[name]` or `tags[]`. */
export interface FieldName {
  readonly name: string;
  /** The keys from the object to the value. An empty key appends to a list. */
  readonly keys: readonly string[];
}

/**
 * Parses NAME=VALUE, the value of `flag`.
 *
 * @throws CliError for an invalid name
 */
export function parseField(flag: string, text: string): FieldName & { readonly value: string } {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const [, first = '', rest = ''] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name) ?? [];
  if (first === '') {
    throw usageError(
      `${flag} is ${JSON.stringify(text)}; it must be NAME=VALUE, such as name=bob, user[name]=bob or tags[]=new.`,
    );
  }
  const keys = [first, ...Array.from(rest.matchAll(/\[([^[\]]*)\]/g), ([, key = '']) => key)];
  if (keys.slice(0, -1).includes('')) {
    throw usageError(
      `${flag} ${name}: only the last brackets can be empty.`,
      `Pass a list of lists or objects as JSON: --field 'items=[{"id":1}]'`,
    );
  }
  return { name, keys, value };
}

/**
 * Returns the object of fields with their values.
 *
 * @throws CliError if two fields have the same name, or one is a part of the other
 */
export function buildObject(fields: readonly (FieldName & { readonly value: unknown })[]): object {
  const root = newObject();
  // Values that fields have set, which are not extended even if they are objects.
  const built = new Set<unknown>([root]);
  for (const { name, keys, value } of fields) {
    let container: Record<string, unknown> | unknown[] = root;
    keys.forEach((key, index) => {
      const isLast = index === keys.length - 1;
      const next = isLast ? value : keys[index + 1] === '' ? [] : newObject();
      if (Array.isArray(container)) {
        if (key !== '') throw conflict(name);
        container.push(next);
        return;
      }
      if (key === '') throw conflict(name);
      const existing = container[key];
      if (existing !== undefined) {
        if (isLast || !built.has(existing)) throw conflict(name);
        container = existing as typeof container;
        return;
      }
      container[key] = next;
      if (isLast) return;
      built.add(next);
      container = next as typeof container;
    });
  }
  return root;
}

/** Without a prototype, `__proto__` is a key like any other. */
function newObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function conflict(name: string): CliError {
  return usageError(`The field ${name} is set twice, or is part of another field.`);
}
