import { fromBase64 } from '../util/base64.js';
import { isNumberLiteral } from '../util/number-literal.js';
import { jsonObject } from '../util/record.js';
import { BIGINT_DIGITS, REGEXP_LENGTH } from './dnode-limits.js';
import { SPECIAL_NUMBERS, TAG, ValueError } from './value-tags.js';

/** Limits of the tagged values of a message. */
export interface ValueLimits {
  readonly messageDepth: number;
  readonly valuesPerMessage: number;
}

/**
 * Returns a value of a peer with its tagged values restored (see `value-tags.ts`), in place where it can. Functions, and numbers
 * that are literals, stay as they are.
 *
 * @throws ValueError if a tagged value is malformed, or if a limit is exceeded
 */
export function decodeValues(value: unknown, limits: ValueLimits): unknown {
  return new Decoder(limits).decode(value, 0);
}

class Decoder {
  readonly #limits: ValueLimits;
  #count = 0;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  decode(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const { messageDepth, valuesPerMessage } = this.#limits;
    if (depth > messageDepth) throw new ValueError(`A value nests deeper than ${messageDepth}`);
    if (Array.isArray(value)) return this.#items(value, depth);
    if (isNumberLiteral(value)) return value;
    const fields = value as Record<string, unknown>;
    if (!Object.hasOwn(value, TAG)) return this.#fields(fields, depth);
    if (++this.#count > valuesPerMessage)
      throw new ValueError(`A message has more than ${valuesPerMessage} tagged values`);
    return this.#untag(fields, depth);
  }

  #items(items: unknown[], depth: number): unknown[] {
    for (let index = 0; index < items.length; index++) items[index] = this.decode(items[index], depth + 1);
    return items;
  }

  // JSON.parse has made every key an own property, so that an assignment sets that one, also for `__proto__`.
  #fields(fields: Record<string, unknown>, depth: number): object {
    for (const key of Object.keys(fields)) fields[key] = this.decode(fields[key], depth + 1);
    return fields;
  }

  #untag(tagged: Readonly<Record<string, unknown>>, depth: number): unknown {
    const { [TAG]: tag, v } = tagged;
    for (const key in tagged) if (key !== TAG && key !== 'v') throw unknown();
    switch (tag) {
      case 'undefined':
        return undefined;
      case 'date':
        return v === null ? new Date(Number.NaN) : checked(tag, typeof v === 'number' && dateOf(v));
      case 'bigint':
        return checked(tag, typeof v === 'string' && INTEGER.test(v) && { value: BigInt(v) }).value;
      case 'number':
        return checked(
          tag,
          typeof v === 'string' && SPECIAL_NUMBERS.has(v) && { value: SPECIAL_NUMBERS.get(v) },
        ).value;
      case 'url':
        return checked(tag, typeof v === 'string' && URL.canParse(v) && new URL(v));
      case 'bytes':
        return checked(tag, typeof v === 'string' && fromBase64(v));
      case 'regexp':
        return checked(tag, Array.isArray(v) && v.length === 2 && regExpOf(v));
      case 'set':
        return new Set(this.#items(listOf(tag, v), depth + 1));
      case 'map':
        return this.#map(listOf(tag, v), depth);
      case 'object':
        return this.#fields(checked(tag, jsonObject(v)) as Record<string, unknown>, depth + 1);
      case 'error':
        return this.#error(checked(tag, jsonObject(v)), depth);
      default:
        throw unknown();
    }
  }

  #map(entries: readonly unknown[], depth: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    for (const entry of entries) {
      if (!Array.isArray(entry) || entry.length !== 2) throw malformed('map');
      const [key, value] = this.#items(entry, depth + 2);
      map.set(key, value);
    }
    return map;
  }

  #error({ name, message, fields = {}, cause }: Readonly<Record<string, unknown>>, depth: number): Error {
    const own = jsonObject(fields);
    if (typeof name !== 'string' || typeof message !== 'string' || !own) throw malformed('error');
    const Type = ERRORS.get(name) ?? Error;
    const options = cause === undefined ? undefined : { cause: this.decode(cause, depth + 1) };
    const error = new Type(message, options);
    // The stack of this process would mislead.
    Object.defineProperty(error, 'stack', {
      value: `${name}: ${message}`,
      configurable: true,
      writable: true,
    });
    if (error.name !== name) hide(error, 'name', name);
    for (const key of Object.keys(own)) {
      if (!ERROR_KEYS.has(key)) define(error, key, this.decode(own[key], depth + 2));
    }
    return error;
  }
}

const INTEGER = new RegExp(`^-?\\d{1,${BIGINT_DIGITS}}$`);

const ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((type) => [
    type.name,
    type,
  ]),
);
const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'cause', 'stack', '__proto__']);

function checked<Value>(tag: string, value: Value | false | undefined): Value {
  if (value === false || value === undefined) throw malformed(tag);
  return value;
}

function listOf(tag: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw malformed(tag);
  return value;
}

function dateOf(time: number): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function regExpOf([source, flags]: readonly unknown[]): RegExp | undefined {
  if (typeof source !== 'string' || typeof flags !== 'string' || source.length > REGEXP_LENGTH)
    return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

function malformed(tag: string): ValueError {
  return new ValueError(`A tagged value "${tag}" is malformed`);
}

function unknown(): ValueError {
  return new ValueError('A tagged value is malformed or unknown');
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function hide(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: false, configurable: true, writable: true });
}
