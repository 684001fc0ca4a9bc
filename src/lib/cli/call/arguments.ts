import { usageError } from '../runtime/cli-error.js';
import { messageOf } from '../../util/message-of.js';

/** What stands for a function in the arguments of a call with `--callback`. */
export const CALLBACK_PLACEHOLDER = '@callback';

/**
 * One argument of a call: JSON where it parses, else the text itself. A number that JavaScript cannot hold exactly is
 * refused, since it would arrive changed.
 */
export function parseArgument(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === 'number' && !isExact(value)) {
    throw usageError(
      `The number ${text} cannot be sent exactly.`,
      `To send it as text, quote it twice: '"${text}"'.`,
    );
  }
  return value;
}

/**
 * One line of `--stdin`: a JSON array is the list of arguments, any other JSON value the only argument.
 *
 * @throws CliError when the line is no JSON; it names the line.
 */
export function parseLine(line: string, lineNumber: number): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw usageError(
      `Line ${lineNumber} of the standard input is not JSON: ${messageOf(error)}`,
      'Each line is one JSON value, or one JSON array that lists the arguments.',
    );
  }
  return Array.isArray(value) ? value : [value];
}

/**
 * Puts `callback` wherever the arguments say `@callback`, at any depth, or behind the last argument when they say it
 * nowhere.
 */
export function withCallback(args: readonly unknown[], callback: (...values: unknown[]) => void): unknown[] {
  let placed = false;
  const replace = (value: unknown): unknown => {
    if (value === CALLBACK_PLACEHOLDER) {
      placed = true;
      return callback;
    }
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  };
  const replaced = args.map(replace);
  return placed ? replaced : [...replaced, callback];
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
