import { toBase64 } from '../util/base64.js';
import type { AttachedBytes } from './attached-bytes.js';
import { INLINE_BYTES } from './dnode-limits.js';
import { messageOf } from '../util/message-of.js';
import { isStream } from '../util/item-source.js';
import { isNumberLiteral } from '../util/is-number-literal.js';
import { defineField, ERROR_KEYS, formatPath, TAG, ValueError } from './value-tags.js';

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
 * what the value is called in errors. `attached` receives the bytes that the JSON does not contain as base64. Default: it contains
 * all of them.
 *
 * What `JSON.stringify` defines is accepted by every peer: `toJSON`, and `undefined`, which is null in arrays.
 *
 * @throws ValueError for more than `maxDepth` levels, and for a value that the peer cannot receive, with its path:
 *   `args[0].when: a Map cannot be sent to this peer`
 */
export function encodeValues(
  value: unknown,
  maxDepth: number,
  name: string,
  support: ValueSupport,
  attached?: AttachedBytes,
): unknown {
  const path: (string | number)[] = [];
  const { values, bytes, undefinedIsNull = !values } = support;

  const unsendable = (item: Constructed, why: string): ValueError =>
    new ValueError(`${name}${formatPath(path)}: ${describeKind(item)} cannot be sent${why}`);

  const tagged = (tag: string, item: Constructed, content: () => unknown): object => {
    if (tag === 'bytes' ? bytes : values) return { [TAG]: tag, v: content() };
    throw unsendable(item, TO_THIS_PEER);
  };

  const at = (key: string | number, item: unknown): unknown => {
    path.push(key);
    const encoded = encode(item, key);
    path.pop();
    return encoded;
  };

  const items = (list: readonly unknown[]): unknown[] =>
    list.map((item, index) =>
      item !== undefined ? at(index, item) : undefinedIsNull ? item : { [TAG]: 'undefined' },
    );

  /** Returns the same object if no field changes. */
  const record = (object: Readonly<Record<string, unknown>>): object => {
    const keys = Object.keys(object);
    const fields = keys.map((key) => at(key, object[key]));
    let copy = object;
    if (keys.some((key, index) => object[key] !== fields[index])) {
      copy = {};
      for (const [index, key] of keys.entries()) defineField(copy, key, fields[index]);
    }
    return (values || bytes) && Object.hasOwn(object, TAG) ? { [TAG]: 'object', v: copy } : copy;
  };

  /** Only enumerable fields, and never the stack, which names files of this machine. */
  const errorFields = (error: Error): object => {
    const { cause } = error;
    const fields: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(error))
      if (!ERROR_KEYS.has(key) && field !== undefined) defineField(fields, key, at(key, field));
    return {
      name: typeof error.name === 'string' ? error.name : 'Error',
      message: messageOf(error),
      ...(Object.keys(fields).length > 0 && { fields }),
      ...(cause !== undefined && { cause: at('cause', cause) }),
    };
  };

  const special = (object: object): object | undefined => {
    if (object instanceof Date)
      return tagged('date', object, () => (Number.isNaN(object.getTime()) ? null : object.getTime()));
    if (object instanceof Map) return tagged('map', object, () => items([...object]));
    if (object instanceof Set) return tagged('set', object, () => items([...object]));
    if (object instanceof URL) return tagged('url', object, () => object.href);
    if (object instanceof RegExp) return tagged('regexp', object, () => [object.source, object.flags]);
    if (object instanceof Error) return tagged('error', object, () => errorFields(object));
    if (isBytes(object)) return tagged('bytes', object, () => encodeBytes(object));
    if (UNSENDABLE.some((type) => object instanceof type)) throw unsendable(object, TO_THIS_PEER);
    if (isSyncIterator(object))
      throw unsendable(object, '; use an async generator (async function*) or an array');
    return undefined;
  };

  const encodeBytes = (object: ArrayBuffer | ArrayBufferView): string => {
    const view = viewOf(object);
    if (typeof view === 'string') throw unsendable(object, `: ${view}`);
    return attached && view.length > INLINE_BYTES ? attached.add(view) : toBase64(view);
  };

  const encodeObject = (object: object, key: string | number): unknown => {
    if (path.length > maxDepth)
      throw new ValueError(`${name} nests deeper than ${maxDepth} levels, or contains itself`);
    if (Array.isArray(object)) {
      const list = items(object);
      return list.some((item, index) => item !== object[index]) ? list : object;
    }
    if (isNumberLiteral(object) || isStream(object)) return object;
    const { toJSON } = object as { readonly toJSON?: unknown };
    const hasJson = typeof toJSON === 'function';
    if (hasJson && !values && !bytes) return object;
    // A peer without the extension gets what toJSON returns: of a Date or a URL, and of a Buffer.
    const isJson = hasJson && !(object instanceof Uint8Array ? bytes : values);
    const encoded = isJson ? undefined : special(object);
    if (encoded || !hasJson) return encoded ?? record(object as Readonly<Record<string, unknown>>);
    const json = (toJSON as (key: string) => unknown).call(object, `${key}`);
    // Its own toJSON is not called.
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (special(json) ?? record(json as Readonly<Record<string, unknown>>))
      : encode(json, key);
  };

  function encode(item: unknown, key: string | number): unknown {
    switch (typeof item) {
      case 'number':
        // JSON.stringify writes 0 for -0, which is equal.
        return (Number.isFinite(item) && !Object.is(item, -0)) || (item === 0 && !values)
          ? item
          : tagged('number', item, () => (item === 0 ? '-0' : `${item}`));
      case 'bigint':
        return tagged('bigint', item, () => `${item}`);
      case 'symbol':
        throw unsendable(item, TO_THIS_PEER);
      case 'object':
        return item === null ? item : encodeObject(item, key);
      default:
        return item;
    }
  }

  return encode(value, '');
}

const UNSENDABLE: readonly (new (...args: never[]) => object)[] = [
  Promise,
  WeakMap,
  WeakSet,
  WeakRef,
  ...(typeof SharedArrayBuffer === 'undefined' ? [] : [SharedArrayBuffer]),
];

/** What all iterators that are not async inherit, such as generators, and those of arrays and maps. */
const ITERATOR_PROTOTYPE = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

/** Whether an object is an iterator, whose items are not among its fields. */
function isSyncIterator(object: object): boolean {
  return Object.prototype.isPrototypeOf.call(ITERATOR_PROTOTYPE, object);
}

function isBytes(object: object): object is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(object) || object instanceof ArrayBuffer;
}

/** A value of a class. Those of JavaScript's own types have one as well. */
interface Constructed {
  readonly constructor: { readonly name: string };
}

const TO_THIS_PEER = ' to this peer';

/**
 * Returns what a value is called: a number as it is written, an iterator by its tag, because a generator has no class, and others
 * by their class, such as `an ArrayBuffer`.
 */
function describeKind(item: Constructed): string {
  if (typeof item === 'number') return `${item}`;
  const name = isSyncIterator(item)
    ? Object.prototype.toString.call(item).slice('[object '.length, -1)
    : item.constructor.name;
  return `${/^[AEIOU]/.test(name) && !name.startsWith('U') ? 'an' : 'a'} ${name}`;
}

/** Returns the bytes that a buffer or a view covers, or why it has none that can be sent. */
function viewOf(object: ArrayBuffer | ArrayBufferView): Uint8Array | string {
  const buffer = ArrayBuffer.isView(object) ? object.buffer : object;
  if (!(buffer instanceof ArrayBuffer)) return 'its memory is shared with other threads; send a copy';
  try {
    return ArrayBuffer.isView(object)
      ? new Uint8Array(buffer, object.byteOffset, object.byteLength)
      : new Uint8Array(buffer);
  } catch {
    return 'its buffer is detached, because it was transferred';
  }
}
