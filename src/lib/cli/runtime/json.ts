import { stringifyLiterals } from '../../util/literal-json.js';
import { replaceHidden } from '../../util/make-visible.js';
import { plainValue } from '../../util/plain-value.js';
import { isNumberLiteral } from '../../util/is-number-literal.js';

/**
 * Formats a value as JSON, in the form of `plainValue`; `undefined` becomes `null`. Numbers are as they were received. Control
 * characters are escaped, which does not change the parsed value.
 */
export function toJson(value: unknown, indent?: number): string {
  return plainToJson(plainValue(value), indent);
}

/** Formats what `plainValue` has returned as JSON, like `toJson`. */
export function plainToJson(plain: unknown, indent?: number): string {
  return escapeControl(stringifyLiterals(plain, undefined, indent) ?? 'null');
}

/** Escapes in JSON what JSON itself does not: control characters outside ASCII, and characters that hide or reorder text. */
export function escapeControl(text: string): string {
  return replaceHidden(text, (character) =>
    // JSON has no control characters of ASCII but the line feeds between its parts.
    character < ' '
      ? character
      : Array.from({ length: character.length }, (_, at) => unitEscape(character, at)).join(''),
  );
}

function unitEscape(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}

/** Formats a string as one field of a line: escapes tabs, newlines and control characters, but not quotes. */
export function toField(text: string): string {
  return toJson(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (pair, escaped) => (escaped === '"' ? '"' : pair));
}

/** Whether a value is an object or an array, and not a scalar of JSON. */
export function isComposite(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isNumberLiteral(value);
}

/** Whether a value contains others, which `Object.values` returns: it is an object or an array, and not bytes. */
export function hasValues(value: unknown): value is object {
  return isComposite(value) && !ArrayBuffer.isView(value);
}
