import { toBase64 } from './base64.js';
import { isStream } from './item-source.js';
import { messageOf } from './message-of.js';
import { isNumberLiteral } from './is-number-literal.js';
import { NumberLiteral } from './number-literal.js';

/**
 * Returns the form in which a value is written as JSON, and so as YAML and in tables. Returns the value itself if it consists of
 * what JSON has. The values must not contain themselves.
 *
 * - Bytes are a string in base64.
 * - A Date is a string such as `2026-01-31T12:00:00.000Z`, and null if it is invalid; a URL is a string.
 * - A BigInt is a number with all of its digits, and -0 is `-0`.
 * - NaN and the infinities are the strings `NaN`, `Infinity` and `-Infinity`.
 * - A Map is an object if all of its keys are strings, and otherwise a list of lists of a key and a value. A Set is a list.
 * - `undefined` is null in lists, maps and sets, and omitted in objects.
 * - A RegExp is a string such as `/a+/gi`.
 * - An Error is an object with its name, its message, its own fields and its cause.
 * - A function is the string `[Function]`, and a stream `[Stream]`.
 */
export function plainValue(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) return String(value);
      return Object.is(value, -0) ? new NumberLiteral('-0') : value;
    case 'bigint':
      return new NumberLiteral(String(value));
    case 'function':
      return '[Function]';
    case 'object':
      return value === null ? null : plainObject(value);
    default:
      return value;
  }
}

function plainObject(object: object): unknown {
  if (Array.isArray(object)) return plainList(object);
  if (isNumberLiteral(object)) return object;
  const special = plainSpecial(object);
  if (special !== undefined) return special;
  if (typeof (object as { readonly toJSON?: unknown }).toJSON === 'function') return object;
  if (isStream(object)) return '[Stream]';
  const fields = object as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(fields)) {
    const plain = plainValue(fields[key]);
    if (plain === fields[key]) continue;
    // A spread copies each field as it is, also one that is called `__proto__`.
    copy ??= { ...fields };
    Object.defineProperty(copy, key, { value: plain });
  }
  return copy ?? object;
}

/** Returns undefined for a value that JSON has. */
function plainSpecial(object: object): unknown {
  if (object instanceof Uint8Array) return toBase64(object);
  if (object instanceof ArrayBuffer) return toBase64(new Uint8Array(object));
  if (object instanceof Date) return Number.isNaN(object.getTime()) ? null : object.toISOString();
  if (object instanceof Map) return plainMap(object);
  if (object instanceof Set) return plainList([...object]);
  if (object instanceof URL) return object.href;
  if (object instanceof RegExp) return String(object);
  return object instanceof Error ? plainError(object) : undefined;
}

function plainList(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const plain = plainValue(list[index]);
    if (plain !== list[index]) (copy ??= list.slice())[index] = plain;
  }
  return copy ?? list;
}

function plainMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = Array.from(map);
  const isObject = entries.every(([key]) => typeof key === 'string');
  return isObject
    ? Object.fromEntries(entries.map(([key, value]) => [key, value === undefined ? null : plainValue(value)]))
    : entries.map((entry) => plainList(entry));
}

function plainError(error: Error): object {
  const { name, cause } = error;
  const fields = Object.entries(error).filter(([key]) => !ERROR_KEYS.has(key));
  return {
    name,
    message: messageOf(error),
    ...Object.fromEntries(fields.map(([key, field]) => [key, plainValue(field)])),
    ...(cause !== undefined && { cause: plainValue(cause) }),
  };
}

const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'cause', 'stack']);
