import { AttachedBytes } from './attached-bytes.js';
import { encodeValues, type ValueSupport } from './encode-values.js';
import { TAG } from './value-tags.js';
import { BrandedError } from '../errors/branded-error.js';
import { isStream, type ItemStream } from '../util/item-source.js';
import { dataJson } from '../util/data-json.js';
import { messageOf } from '../util/message-of.js';

// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function of a program, to be called by the peer
export type AnyFunction = Function;

/** A value as JSON, and the functions in it. */
export interface Scrubbed {
  /** With the mark of `attached` in place of each of its arrays. */
  readonly json: string;
  /** Bytes that are sent beside the JSON. */
  readonly attached?: AttachedBytes;
  /** Whether the JSON contains tagged values. */
  readonly tagged?: true;
  /** Undefined if there are none, which is the usual case and does not allocate. */
  readonly functions: readonly ExtractedFunction[] | undefined;
}

/** A function, or a stream that a function controls, and its path in the value. */
export interface ExtractedFunction {
  readonly fn: AnyFunction | ItemStream;
  /** The path from the value to the function. Empty if the value is the function. */
  readonly path: readonly (string | number)[];
}

/** A value that cannot be sent. The message contains the reason and the path. */
export class ScrubError extends BrandedError {
  constructor(message: string) {
    super('ScrubError', message);
  }
}

/** Converts a value to JSON like `JSON.stringify`. */
export type Stringify = (
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
) => string | undefined;

const PLACEHOLDER = '[Function]';

/** What stands for a stream. */
export const STREAM_PLACEHOLDER = '[Stream]';

/**
 * Converts a value to JSON. Replaces each function with a placeholder and returns its path. Converts other values as
 * `JSON.stringify` does: `undefined` becomes `null` at the top and in arrays, and is omitted in objects.
 *
 * `stringify` converts the value without functions. Default: `JSON.stringify`. `special` decides what happens to values that JSON
 * does not have. Default: what `stringify` does.
 *
 * @throws ScrubError for cycles, for more than `maxDepth` levels, for functions under an empty name, and for values that JSON
 * does not support, such as a BigInt
 * @throws ValueError for values that the peer cannot receive
 */
export function scrub(
  value: unknown,
  maxDepth: number,
  stringify: Stringify = JSON.stringify,
  special?: SpecialValues,
): Scrubbed {
  if (isDataItem(value, maxDepth + 1)) return { json: dataJson(value), functions: undefined };
  const functions = findFunctions(value, maxDepth);
  const attached = special?.support.bytes ? new AttachedBytes() : undefined;
  const encode = (bytes?: AttachedBytes): unknown =>
    special ? encodeValues(value, maxDepth, special.name, special.support, bytes) : value;
  const encoded = encode(attached);
  if (encoded === value) return stringified(value, functions, false, stringify);
  const scrubbed = stringified(encoded, findFunctions(encoded, maxDepth), true, stringify);
  if (!attached || attached.arrays.length === 0) return scrubbed;
  if (attached.fits(scrubbed.json)) return { ...scrubbed, attached };
  // Text of the value contains the mark.
  return stringified(encode(), scrubbed.functions, true, stringify);
}

/** How values that JSON does not have are sent. */
export interface SpecialValues {
  /** What the value is called in errors, such as `args`. */
  readonly name: string;
  readonly support: ValueSupport;
}

function stringified(
  value: unknown,
  functions: readonly ExtractedFunction[] | undefined,
  tagged: boolean,
  stringify: Stringify,
): Scrubbed {
  try {
    const json = stringify(value, functions && placeholders) ?? 'null';
    return tagged ? { json, functions, tagged } : { json, functions };
  } catch (error) {
    throw new ScrubError(messageOf(error));
  }
}

// `value` is what the `toJSON` of a function returns, if it has one: the path would lead to something else.
function placeholders(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (typeof original === 'function') return PLACEHOLDER;
  return isStream(original) ? STREAM_PLACEHOLDER : value;
}

function findFunctions(value: unknown, maxDepth: number): ExtractedFunction[] | undefined {
  if (typeof value === 'function') return [{ fn: value, path: [] }];
  if (typeof value !== 'object' || value === null) return undefined;
  if (isStream(value)) return [{ fn: value, path: [] }];
  const search: Search = { maxDepth, path: [], ancestors: [], functions: undefined };
  walk(value, search);
  return search.functions;
}

/**
 * Whether an item, such as a field, is what JSON has: no function, no special value, at most `depth - 1` levels, and no class or
 * key that needs a closer look. Nearly every value is.
 */
export function isDataItem(item: unknown, depth: number): boolean {
  switch (typeof item) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      // Not for NaN, the infinities and -0.
      return item === 0 ? 1 / item > 0 : item - item === 0;
    case 'object':
      return item === null || isOnlyData(item, depth - 1);
    default:
      return false;
  }
}

function isOnlyData(value: object, depth: number): boolean {
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isDataItem(value[index], depth)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ((value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] !== undefined) return false;
  // `Object.keys` would create an array for each object.
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (key === TAG || (item !== undefined && !isDataItem(item, depth))) return false;
  }
  return true;
}

/** Returns the streams in a value. Never throws. */
export function streamsIn(value: unknown, maxDepth: number): ItemStream[] {
  if (isDataItem(value, maxDepth + 1)) return [];
  try {
    return (findFunctions(value, maxDepth) ?? []).flatMap(({ fn }) => (typeof fn === 'function' ? [] : [fn]));
  } catch {
    return [];
  }
}

interface Search {
  readonly maxDepth: number;
  readonly path: (string | number)[];
  readonly ancestors: object[];
  functions: ExtractedFunction[] | undefined;
}

function walk(value: object, search: Search): void {
  // Values with their own JSON form, such as a Date, are leaves.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' || ArrayBuffer.isView(value)) return;
  if (search.ancestors.includes(value))
    throw new ScrubError(`It contains itself${describePath(search.path)}`);
  if (search.ancestors.length >= search.maxDepth) {
    throw new ScrubError(`It nests deeper than ${search.maxDepth} levels`);
  }
  search.ancestors.push(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) visit(value[index], index, search);
  } else {
    for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key], key, search);
  }
  search.ancestors.pop();
}

function visit(value: unknown, key: string | number, search: Search): void {
  if (typeof value === 'function' || isStream(value)) {
    const path = [...search.path, key];
    // Go kites end when they read such a path.
    if (path.includes(''))
      throw new ScrubError(`It has a function under an empty name at "${path.join('.')}"`);
    (search.functions ??= []).push({ fn: value, path });
  } else if (typeof value === 'object' && value !== null) {
    search.path.push(key);
    walk(value, search);
    search.path.pop();
  }
}

function describePath(path: readonly (string | number)[]): string {
  return path.length === 0 ? '' : ` at ${path.join('.')}`;
}
