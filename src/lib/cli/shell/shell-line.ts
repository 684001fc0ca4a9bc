import { parseIfJson } from '../../util/literal-json.js';
import { type ArgumentSource, parseArgumentSource } from '../call/argument-sources.js';
import { parseArgument, parseJsonArgument } from '../call/arguments.js';
import { type CliError, usageError } from '../runtime/cli-error.js';

/** A parsed line of the shell. */
export type ShellLine =
  | { readonly type: 'nothing' }
  /** A command of the shell, such as `.help`. */
  | { readonly type: 'command'; readonly name: string }
  | { readonly type: 'call'; readonly method: string; readonly args: readonly ArgumentSource[] };

/**
 * Parses a line: the name of a method and its arguments, separated by spaces. An argument that starts like a JSON array, object
 * or string extends to its end and can contain spaces. An argument in single quotes extends to the next single quote. A word such
 * as `@stream:PATH` reads a file, and `@@TEXT` is the string `@TEXT`. Other arguments are JSON if they are valid, and strings
 * otherwise.
 *
 * @throws CliError if a quote or bracket is not closed, or if a word reads standard input
 */
export function parseShellLine(line: string): ShellLine {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return { type: 'nothing' };
  if (/^\.[a-z]*$/.test(text)) return { type: 'command', name: text };
  const [method = ''] = text.split(/\s/, 1);
  return { type: 'call', method, args: [...argumentsOf(text.slice(method.length))] };
}

const QUOTE_HINT = "Put a string that starts like JSON in single quotes: '[x'";

/** A word that reads a file, and one that is a string with `@`. */
const SOURCE_WORD = /^@(?:@|(?:json|text|bytes|stream):)/;

function* argumentsOf(text: string): Generator<ArgumentSource> {
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at++;
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) throw unterminated(text.slice(at));
      const quoted = text.slice(at + 1, end);
      const parsed = parseIfJson(quoted);
      yield valueSource(parsed ? parsed.value : quoted);
      at = end + 1;
    } else if ('"[{'.includes(character)) {
      const end = endOfJson(text, at);
      yield valueSource(parseJsonArgument(text.slice(at, end), { hint: QUOTE_HINT }));
      at = end;
    } else {
      const [word = ''] = /^\S+/.exec(text.slice(at)) ?? [];
      yield wordSource(word);
      at += word.length;
    }
  }
}

function valueSource(value: unknown): ArgumentSource {
  return { type: 'value', value };
}

function wordSource(word: string): ArgumentSource {
  if (!SOURCE_WORD.test(word)) return valueSource(parseArgument(word));
  const source = parseArgumentSource(word, false);
  if (source.type !== 'stdin') return source;
  throw usageError(
    `${word} cannot be used in the shell, which reads its lines from standard input.`,
    `Use a file, or the command: kitectl call METHOD ${word}`,
  );
}

/** Returns the end of the JSON value that starts at `start`, where all of its brackets and quotes are closed. */
function endOfJson(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? '';
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') {
      quoted = true;
    } else if ('[{'.includes(character)) {
      depth++;
    } else if (']}'.includes(character)) {
      depth--;
    }
    if (!quoted && depth <= 0) return at + 1;
  }
  throw unterminated(text.slice(start));
}

function unterminated(text: string): CliError {
  return usageError(`Unterminated argument: ${text}`, 'Add the closing bracket or quote.');
}
