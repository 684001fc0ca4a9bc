import { describeJsonError } from '../lib/util/json-error.js';
import { parseIfJson, stringifyLiterals } from '../lib/util/literal-json.js';

/**
 * Parses the arguments that a user has entered. If the input is one JSON value, that is the only argument. Otherwise each line is
 * an argument: JSON if it parses, else a string, as on the command line. Empty input means no arguments.
 *
 * @throws Error with the position, if an argument begins like a JSON object, array or string and is not valid JSON
 */
export function parseArguments(text: string): unknown[] {
  return entries(text).map(({ line, parsed, invalid }) => {
    if (parsed) return parsed.value;
    if (invalid === undefined) return line;
    throw new Error(`${invalid}. To send it as a string, put it in double quotes.`);
  });
}

/** An argument of the input. */
interface FormArgument {
  readonly line: string;
  readonly parsed: { readonly value: unknown } | undefined;
  /** The error, if it begins like JSON and is not valid. */
  readonly invalid: string | undefined;
}

function entries(text: string): readonly FormArgument[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const whole = parseIfJson(trimmed);
  if (whole) return [{ line: trimmed, parsed: whole, invalid: undefined }];
  const lines = trimmed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.map((line, index) => {
    const parsed = parseIfJson(line);
    const isInvalid = !parsed && /^[[{"]/.test(line);
    // The first of several lines may be the beginning of JSON.
    const json = index === 0 ? trimmed : line;
    const subject = lines.length === 1 ? 'The argument' : `Argument ${index + 1}`;
    return {
      line,
      parsed,
      invalid: isInvalid ? `${subject} is not valid JSON: ${describeJsonError(json)}` : undefined,
    };
  });
}

/** Returns the `kitectl` command that makes the same call. */
export function commandLine(method: string, input: string, path: string): string {
  const args = entries(input).map(({ line, parsed, invalid }) =>
    shellWord(invalid === undefined ? jsonWord(parsed ? parsed.value : line) : line),
  );
  const words = ['kitectl', 'call', shellWord(method), '--to', shellWord(path)];
  // After the dashes, -4 is a number and not a flag.
  return [...words, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}

/** Returns the word that the command line parses as `value`. */
function jsonWord(value: unknown): string {
  const isWord = typeof value === 'string' && !parseIfJson(value) && !/^(?:\s*[[{"]|@|-$)/.test(value);
  return isWord ? value : (stringifyLiterals(value) ?? 'null');
}

function shellWord(text: string): string {
  return /^[\w/.:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
