import { codedError } from '../../protocol/errors.js';
import { describeJsonError } from '../../util/json-error.js';
import { parseIfJson } from '../../util/literal-json.js';

/** The values of `--result`. */
export const resultTypes = ['auto', 'json', 'text', 'lines', 'bytes'] as const;

/** How the output of a command becomes the result of a call. */
export type ResultType = (typeof resultTypes)[number];

/**
 * Returns the result of a call from the output of the command of the method `name`. Numbers are as the command wrote them.
 *
 * - `auto`: null if the output is empty, a JSON value if it is valid JSON, and otherwise a string without the last newline;
 * - `json`: a JSON value;
 * - `text`: a string without the last newline;
 * - `lines`: a list of strings, one per line;
 * - `bytes`: the output in base64, as Go encodes a `[]byte` in JSON.
 *
 * @throws KiteError if the output is not valid UTF-8, except for `bytes`, or is not valid JSON, for `json`
 */
export function commandResult(output: Buffer, type: ResultType, name: string): unknown {
  if (type === 'bytes') return output.toString('base64');
  const text = decode(output, name);
  const line = text.replace(/\r?\n$/, '');
  if (type === 'text') return line;
  if (type === 'lines') return text === '' ? [] : line.split(/\r?\n/);
  // PowerShell may write a byte order mark.
  const parsed = parseIfJson(line.replace(/^\uFEFF/, ''));
  if (parsed) return parsed.value;
  if (type === 'json') throw badOutput(name, `is not valid JSON: ${describeJsonError(text)}`);
  return line === '' ? null : line;
}

function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badOutput(name, 'is not valid UTF-8; to send bytes, start "kitectl serve" with --result bytes');
  }
}

function badOutput(name: string, problem: string): Error {
  return codedError('genericError', 'badOutput', `${name}: the output of the command ${problem}`);
}
