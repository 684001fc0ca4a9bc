import { makeVisible } from '../../util/make-visible.js';
import { isKiteError } from '../../protocol/errors.js';
import type { CliError } from '../runtime/cli-error.js';
import { PRINTED_DATA } from '../runtime/command-limits.js';
import { toJson } from '../runtime/json.js';
import { red } from '../terminal/colors.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Reports a failure on stderr, as text or, with `json`, as one line `{"error":{type,code,message,requestId,hint,data?}}`.
 */
export function reportFailure(
  error: CliError,
  json: boolean,
  runtime: Pick<CommandRuntime, 'stderr' | 'env' | 'color'>,
): void {
  const { stderr } = runtime;
  if (json) {
    stderr.write(`${toJson({ error: toErrorData(error) })}\n`);
    return;
  }
  stderr.write(canColor(runtime, stderr) ? formatFailure(error, red) : formatFailure(error));
}

/** Returns the fields of a failure for JSON output. */
export function toErrorData(error: CliError): Record<string, unknown> {
  const { type, code, message, requestId, hint } = error;
  const data = dataOf(error);
  return { type, code, message, requestId, hint, ...(data !== undefined && { data }) };
}

/** Returns the data that the kite has sent with its error. */
function dataOf({ cause }: CliError): unknown {
  return isKiteError(cause) ? cause.data : undefined;
}

/**
 * Formats a failure as text. Control characters are escaped, so that remote text cannot control the terminal. Lines of the message
 * after the first are marked, so that they cannot look like lines of kitectl.
 */
export function formatFailure(error: CliError, emphasize: (text: string) => string = (text) => text): string {
  const operation = error.operation === '' ? '' : `${makeVisible(error.operation)} failed: `;
  const message = makeVisible(error.message, { newlines: true }).trimEnd().replaceAll('\n', '\n  | ');
  const line = `${emphasize('error:')} ${operation}${message}${formatRemoteDetails(error)}\n`;
  const data = dataOf(error);
  const more = data === undefined ? '' : `data: ${shortened(toJson(data))}\n`;
  return error.hint === '' ? line + more : `${line}${more}hint: ${makeVisible(error.hint)}\n`;
}

function shortened(json: string): string {
  return json.length <= PRINTED_DATA ? json : `${json.slice(0, PRINTED_DATA)}… (all of it with -o json)`;
}

function formatRemoteDetails(error: CliError): string {
  const details = [
    error.requestId === '' ? '' : error.type,
    error.code === '' || error.requestId === '' ? '' : `code ${error.code}`,
    error.requestId === '' ? '' : `request ${error.requestId}`,
  ].filter((text) => text !== '');
  return details.length === 0 ? '' : ` (${makeVisible(details.join(', '))})`;
}
