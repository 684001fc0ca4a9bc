import { isNumberLiteral } from './is-number-literal.js';
import { NumberLiteral } from './number-literal.js';
import { randomHex } from './random.js';

/** Length in bytes of the mark that stands for a number in a string, which no string of a peer contains by chance or intent. */
const MARK_BYTES = 8;

/** Starts with a letter: a mark that happens to be all digits would make YAML quote the number after it. */
const newMark = (): string => `x${randomHex(MARK_BYTES)}`;

/** Matches in every JSON text with a number that JavaScript would write differently, and in few others. */
const MAY_DIFFER = /[\d.]{16}|\d[eE]|-0|\.\d*0(?!\d)|0\.0{6}/;

/**
 * Parses JSON. A number that JavaScript would write differently, such as `9007199254740993`, `1e400`, `-0` or `1.0`, becomes a
 * NumberLiteral, if `isLiteral` returns true for it.
 *
 * @throws SyntaxError like `JSON.parse`
 */
export function parseLiterally(text: string, isLiteral: (text: string) => boolean = () => true): unknown {
  return isWrittenAlike(text)
    ? (JSON.parse(text) as unknown)
    : parseNumbers(text, (literal) => String(Number(literal)) !== literal && isLiteral(literal));
}

/** Whether JavaScript certainly writes all numbers in a JSON text as they are. `JSON.parse` then loses nothing. */
export function isWrittenAlike(text: string): boolean {
  return !MAY_DIFFER.test(text);
}

/** Returns the value of valid JSON, parsed by `parseLiterally`. Returns undefined if the text is not valid JSON. */
export function parseIfJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseLiterally(text) };
  } catch {
    return undefined;
  }
}

/**
 * Parses JSON. A number for which `isLiteral` returns true becomes a NumberLiteral.
 *
 * @throws SyntaxError like `JSON.parse`
 */
export function parseNumbers(text: string, isLiteral: (text: string) => boolean): unknown {
  const value: unknown = JSON.parse(text);
  // Most messages that may contain a literal contain none.
  let mark: string | undefined;
  const marked = mapNumbers(text, (literal) => {
    if (!isLiteral(literal)) return literal;
    mark ??= newMark();
    return `"${mark}${literal}"`;
  });
  return mark === undefined ? value : restore(JSON.parse(marked), mark);
}

/** A number in a value, and the keys that lead to it. */
export interface LocatedLiteral {
  readonly path: readonly string[];
  readonly literal: string;
}

/**
 * Returns the first number in valid JSON for which `matches` returns true. The depth of the JSON must be limited. The path is empty
 * if a later property of the same name replaces the number.
 */
export function findNumber(text: string, matches: (literal: string) => boolean): LocatedLiteral | undefined {
  for (const { literal, start } of numbersIn(text)) {
    if (!matches(literal)) continue;
    const mark = newMark();
    const marked = `${text.slice(0, start)}"${mark}"${text.slice(start + literal.length)}`;
    // Without a path, a later property of the same name replaces the number. Searching on would parse the text again and again.
    return { path: pathOf(JSON.parse(marked), mark) ?? [], literal };
  }
  return undefined;
}

/** Returns the keys that lead to a string in a value. */
function pathOf(value: unknown, text: string): readonly string[] | undefined {
  if (value === text) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const path = pathOf(value[index], text);
      if (path) return [String(index), ...path];
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const path = pathOf((value as Record<string, unknown>)[key], text);
    if (path) return [key, ...path];
  }
  return undefined;
}

/** Replaces the numbers of valid JSON. Takes little memory for numbers that stay the same. */
function mapNumbers(text: string, replace: (literal: string) => string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { literal, start } of numbersIn(text)) {
    const replaced = replace(literal);
    if (replaced === literal) continue;
    parts.push(text.slice(from, start), replaced);
    from = start + literal.length;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

/** Finds the numbers of valid JSON that are not in strings. */
function* numbersIn(text: string): Generator<{ readonly literal: string; readonly start: number }> {
  const token = /"|-?\d[\d.eE+-]*/g;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const { 0: literal, index } = match;
    if (literal === '"') token.lastIndex = endOfString(text, index);
    else yield { literal, start: index };
  }
}

/** Returns the index after a string of valid JSON that starts at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** Replaces each string that starts with `mark` by the number after it. Does not recurse: the depth of the value is not limited. */
function restore(value: unknown, mark: string): unknown {
  const root: unknown[] = [value];
  const containers: object[] = [root];
  const restored = (item: unknown): NumberLiteral | undefined => {
    if (typeof item === 'object' && item !== null) containers.push(item);
    const isMarked = typeof item === 'string' && item.startsWith(mark);
    return isMarked ? new NumberLiteral(item.slice(mark.length)) : undefined;
  };
  for (let container = containers.pop(); container; container = containers.pop()) {
    if (Array.isArray(container)) {
      for (let index = 0; index < container.length; index++)
        container[index] = restored(container[index]) ?? (container[index] as unknown);
      continue;
    }
    for (const [key, item] of Object.entries(container)) {
      const literal = restored(item);
      // An assignment to __proto__ would not set the property.
      if (literal) Object.defineProperty(container, key, { value: literal });
    }
  }
  return root[0];
}

/** Replaces a value of an object, like the second argument of `JSON.stringify`. */
export type Replacer = (key: string, value: unknown) => unknown;

/** Converts a value to JSON like `JSON.stringify`, and each NumberLiteral to its text. */
export function stringifyLiterals(value: unknown, replacer?: Replacer, indent?: number): string | undefined {
  try {
    return JSON.stringify(value, replacer, indent);
  } catch (error) {
    if (!containsLiteral(value)) throw error;
    return writeLiterals(value, (marked) => JSON.stringify(marked, replacer, indent), '"');
  }
}

/**
 * Writes a value with a function that does not support NumberLiteral: it gets a string instead of each, which it has to write
 * as it is, between two `quote`.
 */
export function writeLiterals(value: unknown, write: (marked: unknown) => string, quote = ''): string {
  if (!containsLiteral(value)) return write(value);
  const mark = newMark();
  const text = write(markLiterals(value, mark));
  return text.replaceAll(new RegExp(`${quote}${mark}([-+.\\deE]+)${quote}`, 'g'), '$1');
}

function containsLiteral(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isNumberLiteral(value) || (!hasOwnForm(value) && Object.values(value).some(containsLiteral));
}

function markLiterals(value: unknown, mark: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isNumberLiteral(value)) return mark + value.text;
  if (hasOwnForm(value)) return value;
  if (Array.isArray(value)) return value.map((item) => markLiterals(item, mark));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, markLiterals(item, mark)]));
}

/** Whether a value has its own JSON form, such as a Date. */
function hasOwnForm(value: object): boolean {
  return typeof (value as { readonly toJSON?: unknown }).toJSON === 'function';
}
