import { fromBase64 } from '../util/base64.js';
import type { ReceivedBytes } from './attached-bytes.js';
import { isNumberLiteral } from '../util/is-number-literal.js';
import { jsonObject } from '../util/record.js';
import { BIGINT_DIGITS, REGEXP_LENGTH } from './dnode-limits.js';
import { defineField, ERROR_KEYS, SPECIAL_NUMBERS, TAG, ValueError } from './value-tags.js';

/** Limits of the tagged values of a message. */
export interface ValueLimits {
  readonly messageDepth: number;
  readonly valuesPerMessage: number;
}

/**
 * Returns a value of a peer with its tagged values restored (see `value-tags.ts`), in place where it can. Functions, and numbers
 * that are literals, stay as they are. `received` are the bytes beside the JSON.
 *
 * @throws ValueError if a tagged value is malformed, or if a limit is exceeded
 */
export function decodeValues(
  value: unknown,
  { messageDepth, valuesPerMessage }: ValueLimits,
  received?: ReceivedBytes,
): unknown {
  let count = 0;

  function decode(item: unknown, depth: number): unknown {
    if (typeof item !== 'object' || item === null || isNumberLiteral(item)) return item;
    if (depth > messageDepth) throw new ValueError(`A value nests deeper than ${messageDepth}`);
    if (Array.isArray(item)) return items(item, depth);
    if (!Object.hasOwn(item, TAG)) return fields(item as Record<string, unknown>, depth);
    if (++count > valuesPerMessage)
      throw new ValueError(`A message has more than ${valuesPerMessage} tagged values`);
    for (const key in item) if (key !== TAG && key !== 'v') throw malformed();
    const { [TAG]: tag, v } = item as { readonly [TAG]: unknown; readonly v?: unknown };
    if (tag === 'undefined') return undefined;
    const restored = restore(tag, v, depth + 1);
    if (restored === undefined) throw malformed();
    return restored;
  }

  const items = (list: unknown[], depth: number): unknown[] => {
    for (let index = 0; index < list.length; index++) list[index] = decode(list[index], depth + 1);
    return list;
  };

  // JSON.parse has made every key an own property, so that an assignment sets that one, also for `__proto__`.
  const fields = (record: Record<string, unknown>, depth: number): object => {
    for (const key of Object.keys(record)) record[key] = decode(record[key], depth + 1);
    return record;
  };

  /** Returns the value with a tag. Undefined if it is malformed or unknown. */
  const restore = (tag: unknown, v: unknown, depth: number): unknown => {
    if (typeof v === 'string') return (tag === 'bytes' ? received?.get(v) : undefined) ?? restoreText(tag, v);
    if (Array.isArray(v)) {
      if (tag === 'set') return new Set(items(v, depth));
      if (tag === 'map')
        return v.every(isEntry) ? new Map(items(v, depth) as [unknown, unknown][]) : undefined;
      return tag === 'regexp' && v.length === 2 ? regExpOf(v[0], v[1]) : undefined;
    }
    if (tag === 'date') return dateOf(v);
    const record: Record<string, unknown> | undefined = jsonObject(v);
    if (tag === 'object') return record && fields(record, depth);
    return tag === 'error' ? record && errorOf(record, depth) : undefined;
  };

  const errorOf = (
    { name, message, fields: own = {}, cause }: Readonly<Record<string, unknown>>,
    depth: number,
  ): Error | undefined => {
    const entries = jsonObject(own);
    if (typeof name !== 'string' || typeof message !== 'string' || !entries) return undefined;
    const options = cause === undefined ? undefined : { cause: decode(cause, depth) };
    const error = new (ERRORS.find((type) => type.name === name) ?? Error)(message, options);
    // The stack of this process would mislead.
    defineField(error, 'stack', `${name}: ${message}`, false);
    if (error.name !== name) defineField(error, 'name', name, false);
    for (const [key, field] of Object.entries(entries))
      if (!ERROR_KEYS.has(key)) defineField(error, key, decode(field, depth + 1));
    return error;
  };

  return decode(value, 0);
}

const INTEGER = new RegExp(`^-?\\d{1,${BIGINT_DIGITS}}$`);

const ERRORS: readonly ErrorConstructor[] = [
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];

function restoreText(tag: unknown, text: string): unknown {
  switch (tag) {
    case 'bigint':
      return INTEGER.test(text) ? BigInt(text) : undefined;
    case 'number':
      return SPECIAL_NUMBERS.get(text);
    case 'url':
      return attempt(() => new URL(text));
    default:
      return tag === 'bytes' ? fromBase64(text) : undefined;
  }
}

function isEntry(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2;
}

function dateOf(time: unknown): Date | undefined {
  const date = new Date(typeof time === 'number' ? time : Number.NaN);
  return time === null || !Number.isNaN(date.getTime()) ? date : undefined;
}

function regExpOf(source: unknown, flags: unknown): RegExp | undefined {
  if (typeof source !== 'string' || typeof flags !== 'string' || source.length > REGEXP_LENGTH)
    return undefined;
  return attempt(() => new RegExp(source, flags));
}

function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function malformed(): ValueError {
  return new ValueError('A tagged value is malformed or unknown');
}
