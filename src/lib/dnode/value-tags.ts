import { BrandedError } from '../errors/branded-error.js';

/*
 * Values that JSON does not have are sent as objects with two keys, between peers that agreed to the extension `values`:
 *
 *     {"$":"date","v":1764508800000}            Date, milliseconds; null if it is invalid
 *     {"$":"bigint","v":"12345678901234567890"}
 *     {"$":"map","v":[["key",1]]}               in order, keys of any kind
 *     {"$":"set","v":[1,2]}
 *     {"$":"undefined"}                         in arrays, maps and sets
 *     {"$":"number","v":"NaN"}                  NaN, Infinity, -Infinity, -0
 *     {"$":"url","v":"https://example.com/"}
 *     {"$":"regexp","v":["a+","gi"]}            source and flags
 *     {"$":"error","v":{"name":"TypeError","message":"…","fields":{"code":"E1"},"cause":…}}
 *     {"$":"bytes","v":"AAEC"}                  base64
 *     {"$":"object","v":{"$":"date"}}           an object that has a key `$` itself
 */
export const TAG = '$';

/** A value that cannot be sent, or a tagged value that is malformed. The message contains the path. */
export class ValueError extends BrandedError {
  constructor(message: string) {
    super('ValueError', message);
  }
}

export type ValuePath = readonly (string | number)[];

/** Returns a path in the notation of JavaScript, such as `[0].when`. */
export function formatPath(path: ValuePath): string {
  return path
    .map((key) =>
      typeof key === 'number' ? `[${key}]` : IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('');
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The fields of an error that have their own place, its stack, and the name of no field. */
export const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'cause', 'stack', '__proto__']);

/** Sets a field. An assignment to `__proto__` would not set a field of this name. */
export function defineField(object: object, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(object, key, { value, enumerable, configurable: true, writable: true });
}

/** The numbers that JSON does not have. */
export const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);
