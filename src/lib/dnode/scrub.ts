import { BrandedError } from '../errors/branded-error.js';
import { messageOf } from '../util/message-of.js';

// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function of a program, to be called by the peer
export type AnyFunction = Function;

/** A value as JSON, and the functions in it. */
export interface Scrubbed {
  readonly json: string;
  /** Undefined if there are none, which is the usual case and does not allocate. */
  readonly functions: readonly ExtractedFunction[] | undefined;
}

/** A function and its path in the value. */
export interface ExtractedFunction {
  readonly fn: AnyFunction;
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

/**
 * Converts a value to JSON. Replaces each function with a placeholder and returns its path. Converts other values as
 * `JSON.stringify` does: `undefined` becomes `null` at the top and in arrays, and is omitted in objects.
 *
 * `stringify` converts the value without functions. Default: `JSON.stringify`.
 *
 * @throws ScrubError for cycles, for more than `maxDepth` levels, for functions under an empty name, and for values that JSON
 * does not support, such as a BigInt
 */
export function scrub(value: unknown, maxDepth: number, stringify: Stringify = JSON.stringify): Scrubbed {
  const functions = findFunctions(value, maxDepth);
  try {
    return { json: stringify(value, functions && placeholders) ?? 'null', functions };
  } catch (error) {
    throw new ScrubError(messageOf(error));
  }
}

// `value` is what the `toJSON` of a function returns, if it has one: the path would lead to something else.
function placeholders(this: unknown, key: string, value: unknown): unknown {
  return typeof (this as Record<string, unknown>)[key] === 'function' ? PLACEHOLDER : value;
}

function findFunctions(value: unknown, maxDepth: number): ExtractedFunction[] | undefined {
  if (typeof value === 'function') return [{ fn: value, path: [] }];
  if (typeof value !== 'object' || value === null) return undefined;
  const search: Search = { maxDepth, path: [], ancestors: [], functions: undefined };
  walk(value, search);
  return search.functions;
}

interface Search {
  readonly maxDepth: number;
  readonly path: (string | number)[];
  readonly ancestors: object[];
  functions: ExtractedFunction[] | undefined;
}

function walk(value: object, search: Search): void {
  // Values with their own JSON form, such as a Date, are leaves.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
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
  if (typeof value === 'function') {
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
