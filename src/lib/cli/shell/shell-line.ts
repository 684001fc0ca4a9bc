import { parseArgument } from '../call/arguments.js';
import { type CliError, usageError } from '../runtime/cli-error.js';

/** What a line of the shell asks for. */
export type ShellLine =
  | { readonly type: 'nothing' }
  /** A command of the shell itself, `.help`. */
  | { readonly type: 'command'; readonly name: string }
  | { readonly type: 'call'; readonly method: string; readonly args: readonly unknown[] };

/**
 * Reads a line: the name of a method and its arguments, with spaces between them. An argument that begins like a JSON
 * list, object or text reaches to its end, spaces included; one in single quotes reaches to the next one, and is read like
 * any other: JSON where it parses, else text.
 *
 * @throws CliError where something is not closed
 */
export function parseShellLine(line: string): ShellLine {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return { type: 'nothing' };
  if (/^\.[a-z]*$/.test(text)) return { type: 'command', name: text };
  const [method = ''] = text.split(/\s/, 1);
  return { type: 'call', method, args: [...argumentsOf(text.slice(method.length))] };
}

function* argumentsOf(text: string): Generator {
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at++;
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) throw unterminated(text.slice(at));
      yield parseArgument(text.slice(at + 1, end));
      at = end + 1;
    } else if ('"[{'.includes(character)) {
      const end = endOfJson(text, at);
      yield parseJson(text.slice(at, end));
      at = end;
    } else {
      const [word = ''] = /^\S+/.exec(text.slice(at)) ?? [];
      yield parseArgument(word);
      at += word.length;
    }
  }
}

/** Where the JSON value that begins at `start` ends: where all of its brackets and quotes are closed. */
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(
      `Not valid JSON: ${text}: ${(error as Error).message}`,
      "Text that begins like JSON goes into single quotes: '[x'",
    );
  }
}

function unterminated(text: string): CliError {
  return usageError(`This is not closed: ${text}`, 'A bracket or a quote is missing at its end.');
}
