import { toBase64 } from '../util/base64.js';
import { messageOf } from '../util/message-of.js';
import { isStream } from '../util/item-source.js';
import { isNumberLiteral } from '../util/number-literal.js';
import { formatPath, TAG, ValueError } from './value-tags.js';

/** The extensions of a peer that decide which values it can receive. */
export interface ValueSupport {
  readonly values: boolean;
  readonly bytes: boolean;
  /** Leaves `undefined` in arrays to `JSON.stringify`. Default: it is a value like others. */
  readonly undefinedIsNull?: boolean;
}

/**
 * Returns a value in which those that JSON does not have are tagged (see `value-tags.ts`), and functions are as they were. Returns
 * the value itself if it has none. `toJSON` is called as by `JSON.stringify`, except for dates, URLs, errors and bytes. `name` is
 * what the value is called in errors.
 *
 * What `JSON.stringify` defines is accepted by every peer: `toJSON`, and `undefined`, which is null in arrays.
 *
 * @throws ValueError for more than `maxDepth` levels, and for a value that the peer cannot receive, with its path:
 *   `args[0].when: a Map cannot be sent to this peer`
 */
export function encodeValues(value: unknown, maxDepth: number, name: string, support: ValueSupport): unknown {
  return new Encoder(maxDepth, name, support).encode(value, '');
}

class Encoder {
  readonly #maxDepth: number;
  readonly #name: string;
  readonly #support: ValueSupport;
  readonly #path: (string | number)[] = [];

  constructor(maxDepth: number, name: string, support: ValueSupport) {
    this.#maxDepth = maxDepth;
    this.#name = name;
    this.#support = support;
  }

  /** Whether the peer reads tags. */
  get #tags(): boolean {
    return this.#support.values || this.#support.bytes;
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
    if (!this.#support.values && value === 0) return value;
    return this.#tagged('number', `${value}`, () => (value === 0 ? '-0' : `${value}`));
  }

  #object(value: object, key: string | number): unknown {
    if (this.#path.length > this.#maxDepth)
      throw new ValueError(`${this.#name} nests deeper than ${this.#maxDepth} levels, or contains itself`);
    if (Array.isArray(value)) return this.#array(value);
    if (isNumberLiteral(value) || isStream(value)) return value;
    const { toJSON } = value as { readonly toJSON?: unknown };
    const hasJson = typeof toJSON === 'function';
    if (hasJson && !this.#tags) return value;
    // A peer without the extension gets what toJSON returns: of a Date or a URL, and of a Buffer.
    const { values, bytes } = this.#support;
    const isJson = hasJson && !(value instanceof Uint8Array ? bytes : values);
    const special = isJson ? undefined : this.#special(value);
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
    if (item === undefined)
      return this.#support.values && this.#support.undefinedIsNull !== true ? { [TAG]: 'undefined' } : item;
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
    const looksTagged = this.#tags && Object.hasOwn(value, TAG);
    return looksTagged ? { [TAG]: 'object', v: copy ?? value } : (copy ?? value);
  }

  #at(key: string | number, value: unknown): unknown {
    this.#path.push(key);
    const encoded = this.encode(value, key);
    this.#path.pop();
    return encoded;
  }

  #tagged(tag: string, kind: string, value: () => unknown): object {
    const { values, bytes } = this.#support;
    if (tag === 'bytes' ? bytes : values) return { [TAG]: tag, v: value() };
    throw this.#unsendable(kind, ' to this peer');
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
