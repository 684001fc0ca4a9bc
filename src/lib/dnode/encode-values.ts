import { toBase64 } from '../util/base64.js';
import { messageOf } from '../util/message-of.js';
import { isNumberLiteral } from '../util/number-literal.js';
import { formatPath, TAG, ValueError } from './value-tags.js';

/**
 * Returns a value in which those that JSON does not have are tagged (see `value-tags.ts`), and functions are as they were. Returns
 * the value itself if it has none. `toJSON` is called as by `JSON.stringify`, except for dates, URLs, errors and bytes. `name` is
 * what the value is called in errors.
 *
 * @throws ValueError for more than `maxDepth` levels, and for values that no peer can receive, such as a Promise
 */
export function encodeValues(value: unknown, maxDepth: number, name: string): unknown {
  return new Encoder(maxDepth, name).encode(value, '');
}

/**
 * Checks that a value can be sent to a peer without the extension `values`. What `JSON.stringify` defines is accepted: `toJSON`,
 * and `undefined`, which is null in arrays.
 *
 * @throws ValueError for the first value that cannot, with its path: `args[0].when: a Map cannot be sent to this peer`
 */
export function checkPlainValues(value: unknown, maxDepth: number, name: string): void {
  new Encoder(maxDepth, name, true).encode(value, '');
}

class Encoder {
  readonly #maxDepth: number;
  readonly #name: string;
  readonly #plainOnly: boolean;
  readonly #path: (string | number)[] = [];

  constructor(maxDepth: number, name: string, plainOnly = false) {
    this.#maxDepth = maxDepth;
    this.#name = name;
    this.#plainOnly = plainOnly;
  }

  encode(value: unknown, key: string | number): unknown {
    switch (typeof value) {
      case 'number':
        return this.#number(value);
      case 'bigint':
        return this.#tagged('bigint', 'a BigInt', () => `${value}`);
      case 'symbol':
        throw this.#unsendable('a Symbol');
      case 'object':
        return value === null ? null : this.#object(value, key);
      default:
        return value;
    }
  }

  #number(value: number): unknown {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    // JSON.stringify writes 0 for -0, which is equal.
    if (this.#plainOnly && value === 0) return value;
    return this.#tagged('number', `${value}`, () => (value === 0 ? '-0' : `${value}`));
  }

  #object(value: object, key: string | number): unknown {
    if (this.#path.length > this.#maxDepth)
      throw new ValueError(`${this.#name} nests deeper than ${this.#maxDepth} levels, or contains itself`);
    if (Array.isArray(value)) return this.#array(value);
    if (isNumberLiteral(value)) return value;
    const { toJSON } = value as { readonly toJSON?: unknown };
    const hasJson = typeof toJSON === 'function';
    // To a peer without the extension, a Date, a URL or a Buffer is what its toJSON returns.
    if (this.#plainOnly && hasJson) return value;
    const special = this.#special(value);
    if (special !== undefined) return special;
    if (!hasJson) return this.#record(value as Readonly<Record<string, unknown>>);
    const json = (toJSON as (key: string) => unknown).call(value, `${key}`);
    if (typeof json !== 'object' || json === null) return this.encode(json, key);
    // Its own toJSON is not called.
    return Array.isArray(json)
      ? this.#array(json)
      : (this.#special(json) ?? this.#record(json as Readonly<Record<string, unknown>>));
  }

  #special(value: object): object | undefined {
    if (value instanceof Date) {
      const time = value.getTime();
      return this.#tagged('date', 'a Date', () => (Number.isNaN(time) ? null : time));
    }
    if (value instanceof Map)
      return this.#tagged('map', 'a Map', () => [...value].map((entry, index) => this.#entry(entry, index)));
    if (value instanceof Set) return this.#tagged('set', 'a Set', () => this.#items([...value]));
    if (value instanceof URL) return this.#tagged('url', 'a URL', () => value.href);
    if (value instanceof RegExp) return this.#tagged('regexp', 'a RegExp', () => [value.source, value.flags]);
    if (value instanceof Error) return this.#tagged('error', 'an Error', () => this.#error(value));
    if (value instanceof Uint8Array) return this.#bytes('a Uint8Array', () => value);
    if (value instanceof ArrayBuffer) return this.#bytes('an ArrayBuffer', () => new Uint8Array(value));
    const kind = UNSENDABLE.find((type) => value instanceof type)?.name;
    if (kind !== undefined) throw this.#unsendable(`a ${kind}`);
    if (ArrayBuffer.isView(value)) throw this.#unsendable(`a ${value.constructor.name}`);
    return undefined;
  }

  #bytes(kind: string, bytes: () => Uint8Array): object {
    return this.#tagged('bytes', kind, () => toBase64(bytes()));
  }

  /** Only enumerable fields, and never the stack, which names files of this machine. */
  #error(error: Error): object {
    const { name, cause } = error;
    const fields = this.#fields(error as unknown as Readonly<Record<string, unknown>>);
    return {
      name: typeof name === 'string' ? name : 'Error',
      message: messageOf(error),
      ...(Object.keys(fields).length > 0 && { fields }),
      ...(cause !== undefined && { cause: this.#at('cause', cause) }),
    };
  }

  #fields(error: Readonly<Record<string, unknown>>): object {
    const fields: Record<string, unknown> = {};
    for (const key of Object.keys(error)) {
      if (ERROR_KEYS.has(key) || typeof error[key] === 'undefined') continue;
      define(fields, key, this.#at(key, error[key]));
    }
    return fields;
  }

  /** Copies an array once an item changes. */
  #array(items: readonly unknown[]): unknown {
    let copy: unknown[] | undefined;
    for (let index = 0; index < items.length; index++) {
      const item = this.#item(items[index], index);
      if (item !== items[index] || copy) (copy ??= items.slice(0, index))[index] = item;
    }
    return copy ?? items;
  }

  #entry(entry: readonly unknown[], index: number): unknown[] {
    this.#path.push(index);
    const encoded = this.#items(entry);
    this.#path.pop();
    return encoded;
  }

  #items(items: readonly unknown[]): unknown[] {
    return items.map((item, index) => this.#item(item, index));
  }

  #item(item: unknown, index: number): unknown {
    if (item === undefined) return this.#plainOnly ? item : { [TAG]: 'undefined' };
    return typeof item === 'string' ? item : this.#at(index, item);
  }

  /** Copies an object once a field changes. */
  #record(value: Readonly<Record<string, unknown>>): object {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const field = value[key];
      const encoded = typeof field === 'string' ? field : this.#at(key, field);
      if (encoded === field) continue;
      copy ??= { ...value };
      define(copy, key, encoded);
    }
    const looksTagged = !this.#plainOnly && Object.hasOwn(value, TAG);
    return looksTagged ? { [TAG]: 'object', v: copy ?? value } : (copy ?? value);
  }

  #at(key: string | number, value: unknown): unknown {
    this.#path.push(key);
    const encoded = this.encode(value, key);
    this.#path.pop();
    return encoded;
  }

  #tagged(tag: string, kind: string, value: () => unknown): object {
    if (this.#plainOnly) throw this.#unsendable(kind, ' to this peer');
    return { [TAG]: tag, v: value() };
  }

  #unsendable(kind: string, to = ''): ValueError {
    return new ValueError(`${this.#name}${formatPath(this.#path)}: ${kind} cannot be sent${to}`);
  }
}

const UNSENDABLE: readonly (new (...args: never[]) => object)[] = [Promise, WeakMap, WeakSet, WeakRef];

/** The fields of an error that have their own place, and its stack. */
const ERROR_KEYS: ReadonlySet<string> = new Set(['name', 'message', 'cause', 'stack']);

/** Sets a field. An assignment to `__proto__` would not set a field of this name. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
