import { isNumberLiteral, NumberLiteral } from './number-literal.js';
import { randomHex } from './random.js';

/** Length in bytes of the mark that stands for a number in a string, which no string of a peer contains by chance or intent. */
const MARK_BYTES = 16;

/** Matches in every JSON text with a number that JavaScript would write differently, and in few others. */
const MAY_DIFFER = /[\d.]{16}|\d[eE]|-0|\.\d*0(?!\d)|0\.0{6}/;

/**
 * Parses JSON. A number that JavaScript would write differently, such as `9007199254740993`, `1e400`, `-0` or `1.0`, becomes a
 * NumberLiteral.
 *
 * @throws SyntaxError like `JSON.parse`
 */
export function parseLiterally(text: string): unknown {
  return MAY_DIFFER.test(text)
    ? parseNumbers(text, (literal) => String(Number(literal)) !== literal)
    : (JSON.parse(text) as unknown);
}

/**
 * Parses JSON. A number for which `isLiteral` returns true becomes a NumberLiteral.
 *
 * @throws SyntaxError like `JSON.parse`
 */
export function parseNumbers(text: string, isLiteral: (text: string) => boolean): unknown {
  const value: unknown = JSON.parse(text);
  const mark = randomHex(MARK_BYTES);
  const marked = mapNumbers(text, (literal) => (isLiteral(literal) ? `"${mark}${literal}"` : literal));
  return marked === text ? value : restore(JSON.parse(marked), mark);
}

/** Replaces the numbers of valid JSON. */
function mapNumbers(text: string, replace: (literal: string) => string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    parts.push(text.slice(at, end).replaceAll(/-?\d[\d.eE+-]*/g, replace));
    at = quote === -1 ? end : endOfString(text, quote);
    parts.push(text.slice(end, at));
  }
  return parts.join('');
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
  const root: Record<string, unknown> = { value };
  const containers: Record<string, unknown>[] = [root];
  for (let container = containers.pop(); container; container = containers.pop()) {
    for (const key of Object.keys(container)) {
      const item = container[key];
      if (typeof item === 'object' && item !== null) containers.push(item as Record<string, unknown>);
      else if (typeof item === 'string' && item.startsWith(mark)) {
        const literal = new NumberLiteral(item.slice(mark.length));
        // An assignment to __proto__ would not create a property.
        Object.defineProperty(container, key, {
          value: literal,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    }
  }
  return root['value'];
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
  const mark = randomHex(MARK_BYTES);
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
