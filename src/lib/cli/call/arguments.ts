import { usageError } from '../runtime/cli-error.js';
import { describeJsonError } from '../../util/json-error.js';
import { isStream } from '../../util/item-source.js';
import { parseIfJson } from '../../util/literal-json.js';

/** Placeholder for the function in the arguments of a call with `--callback`. */
export const CALLBACK_PLACEHOLDER = '@callback';

/** The string `@callback` itself, which `withCallback` does not replace. */
class PlaceholderText {
  toJSON(): string {
    return CALLBACK_PLACEHOLDER;
  }
}

/** Returns the value of a string that is sent as it is, also if it is `@callback`. */
export function verbatim(text: string): unknown {
  return text === CALLBACK_PLACEHOLDER ? new PlaceholderText() : text;
}

/** Where a word comes from, for the error if it is not valid JSON. */
export interface WordSource {
  /** The subject of the message, such as `Standard input`. Default: the word itself. */
  readonly subject?: string;
  /** How to send the word as a string. */
  readonly hint: string;
}

/** The longest part of a word in an error message. */
const SHOWN_LENGTH = 60;

/** How to pass JSON through a shell. */
export const QUOTING_HINT = `Put JSON in single quotes: '{"a":1}'; in Windows PowerShell, escape its double quotes as well: '{\\"a\\":1}'.`;

const COMMAND_LINE: WordSource = { hint: `${QUOTING_HINT} To send words as strings, use --string.` };

/**
 * Parses a word: as JSON if it is valid, and as a string otherwise. Numbers that JavaScript cannot represent are sent as they are
 * written.
 *
 * @throws CliError with the position, if the word begins like a JSON object, array or string and is not valid JSON
 */
export function parseArgument(text: string, source: WordSource = COMMAND_LINE): unknown {
  const parsed = parseIfJson(text);
  if (parsed) return parsed.value;
  if (/^\s*[[{"]/.test(text)) throw notJson(text, source);
  return text;
}

/** @throws CliError with the position, if the text is not valid JSON */
export function parseJsonArgument(text: string, source: WordSource): unknown {
  const parsed = parseIfJson(text);
  if (!parsed) throw notJson(text, source);
  return parsed.value;
}

function notJson(text: string, { subject, hint }: WordSource): Error {
  const shown = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return usageError(
    `${subject ?? `The argument ${shown}`} is not valid JSON: ${describeJsonError(text)}.`,
    hint,
  );
}

/**
 * Parses a line of `--stdin`: a JSON array is the list of arguments, any other JSON value the only argument.
 *
 * @throws CliError with the line number, if the line is not valid JSON
 */
export function parseLine(line: string, lineNumber: number): unknown[] {
  const value = parseJsonArgument(line, {
    subject: `Line ${lineNumber} of standard input`,
    hint: 'Each line must be a JSON array of arguments, or a single JSON value.',
  });
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/**
 * Replaces each `@callback` in the arguments, at any depth, with `callback`. Without a placeholder, appends `callback`.
 */
export function withCallback(args: readonly unknown[], callback: (...values: unknown[]) => void): unknown[] {
  let placed = false;
  const replace = (value: unknown): unknown => {
    if (value === CALLBACK_PLACEHOLDER) {
      placed = true;
      return callback;
    }
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null || isLeaf(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  };
  const replaced = args.map(replace);
  return placed ? replaced : [...replaced, callback];
}

/** Whether an object is sent as it is. */
function isLeaf(object: object): boolean {
  return 'toJSON' in object || ArrayBuffer.isView(object) || isStream(object);
}
