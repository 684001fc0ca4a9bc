import { BrandedError } from '../errors/branded-error.js';
import { messageOf } from '../util/message-of.js';

// oxlint-disable-next-line typescript/no-unsafe-function-type -- whatever a program hands over, to be called by the peer
export type AnyFunction = Function;

/** A value as JSON, and the functions that stood in it. */
export interface Scrubbed {
  readonly json: string;
  /** Undefined where there are none: the usual case, which costs no allocation. */
  readonly functions: readonly FoundFunction[] | undefined;
}

export interface FoundFunction {
  readonly fn: AnyFunction;
  /** From the value down to the function. Empty where the value itself is the function. */
  readonly path: readonly (string | number)[];
}

/** A value that cannot be sent. The message says what is wrong and where. */
export class ScrubError extends BrandedError {
  constructor(message: string) {
    super('ScrubError', message);
  }
}

const PLACEHOLDER = '[Function]';

/**
 * Turns a value into JSON, with a placeholder for each function and a list of where they stood. What JSON has no form
 * for becomes what `JSON.stringify` makes of it (`undefined` is `null` at the top and in arrays, gone in objects).
 * Throws a ScrubError for cycles, for more than `maxDepth` levels, and for what JSON refuses, such as a BigInt.
 */
export function scrub(value: unknown, maxDepth: number): Scrubbed {
  const functions = findFunctions(value, maxDepth);
  try {
    const json = functions ? JSON.stringify(value, placeholders) : JSON.stringify(value);
    return { json: json ?? 'null', functions };
  } catch (error) {
    throw new ScrubError(messageOf(error));
  }
}

function placeholders(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? PLACEHOLDER : value;
}

function findFunctions(value: unknown, maxDepth: number): FoundFunction[] | undefined {
  if (typeof value === 'function') return [{ fn: value, path: [] }];
  if (typeof value !== 'object' || value === null) return undefined;
  const search: Search = { maxDepth, path: [], ancestors: [], found: undefined };
  walk(value, search);
  return search.found;
}

interface Search {
  readonly maxDepth: number;
  readonly path: (string | number)[];
  readonly ancestors: object[];
  found: FoundFunction[] | undefined;
}

function walk(value: object, search: Search): void {
  // What has a JSON form of its own, such as a Date, is a leaf.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
  if (search.ancestors.includes(value)) throw new ScrubError(`It contains itself${at(search.path)}`);
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
    (search.found ??= []).push({ fn: value, path: [...search.path, key] });
  } else if (typeof value === 'object' && value !== null) {
    search.path.push(key);
    walk(value, search);
    search.path.pop();
  }
}

function at(path: readonly (string | number)[]): string {
  return path.length === 0 ? '' : ` at ${path.join('.')}`;
}
