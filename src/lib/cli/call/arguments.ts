import { usageError } from '../runtime/cli-error.js';
import { messageOf } from '../../util/message-of.js';

/** Placeholder for the function in the arguments of a call with `--callback`. */
export const CALLBACK_PLACEHOLDER = '@callback';

/**
 * Parses an argument of a call: as JSON if it is valid, and as a string otherwise.
 *
 * @throws CliError for a number that JavaScript cannot represent exactly
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
      `To send it as a string, quote it twice: '"${text}"'`,
    );
  }
  return value;
}

/**
 * Parses a line of `--stdin`: a JSON array is the list of arguments, any other JSON value the only argument.
 *
 * @throws CliError with the line number, if the line is not valid JSON
 */
export function parseLine(line: string, lineNumber: number): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw usageError(
      `Line ${lineNumber} of standard input is not valid JSON: ${messageOf(error)}`,
      'Each line must be a JSON array of arguments, or a single JSON value.',
    );
  }
  return Array.isArray(value) ? value : [value];
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
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  };
  const replaced = args.map(replace);
  return placed ? replaced : [...replaced, callback];
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
