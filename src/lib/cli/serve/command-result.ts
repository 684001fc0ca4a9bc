import { codedError } from '../../protocol/errors.js';
import { describeJsonError } from '../../util/json-error.js';
import { parseIfJson } from '../../util/literal-json.js';

/** The values of `--result`. */
export const resultTypes = ['auto', 'json', 'text', 'lines', 'bytes'] as const;

/** How the output of a command becomes the result of a call. */
export type ResultType = (typeof resultTypes)[number];

/** The types of results that exist when the command has ended. Lines are a stream. */
export type WholeResultType = Exclude<ResultType, 'lines'>;

/**
 * Returns the result of a call from the output of the command of the method `name`. Numbers are as the command wrote them.
 *
 * - `auto`: null if the output is empty, a JSON value if it is valid JSON, and otherwise a string without the last newline;
 * - `json`: a JSON value;
 * - `text`: a string without the last newline;
 * - `bytes`: the output in base64, as Go encodes a `[]byte` in JSON, for callers that do not speak the extension `bytes`.
 *
 * @throws KiteError if the output is not valid UTF-8, except for `bytes`, or is not valid JSON, for `json`
 */
export function commandResult(output: Buffer, type: WholeResultType, name: string): unknown {
  if (type === 'bytes') return output.toString('base64');
  const text = decode(output, name);
  const line = text.replace(/\r?\n$/, '');
  if (type === 'text') return line;
  // PowerShell may write a byte order mark.
  const parsed = parseIfJson(line.replace(/^\uFEFF/, ''));
  if (parsed) return parsed.value;
  if (type === 'json') throw badOutput(name, `is not valid JSON: ${describeJsonError(text)}`);
  return line === '' ? null : line;
}

/**
 * Yields the lines of the output of a command while it runs, without their newlines.
 *
 * @throws KiteError if the output is not valid UTF-8, or if a line is longer than `maxLength` characters
 */
export async function* outputLines(
  output: AsyncIterable<Uint8Array>,
  maxLength: number,
  name: string,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of output) {
    const lines = (rest + guarded(() => decoder.decode(chunk, { stream: true }), name)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.replace(/\r$/, '');
    if (rest.length > maxLength) throw badOutput(name, `has a line of more than ${maxLength} characters`);
  }
  rest += guarded(() => decoder.decode(), name);
  if (rest !== '') yield rest;
}

function decode(bytes: Buffer, name: string): string {
  return guarded(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), name);
}

function guarded(decoded: () => string, name: string): string {
  try {
    return decoded();
  } catch {
    throw badOutput(name, 'is not valid UTF-8; to send bytes, start "kitectl serve" with --result bytes');
  }
}

function badOutput(name: string, problem: string): Error {
  return codedError('genericError', 'badOutput', `${name}: the output of the command ${problem}`);
}
