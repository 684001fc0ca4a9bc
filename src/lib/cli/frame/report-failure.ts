import { makeVisible } from '../../util/make-visible.js';
import type { CliError } from '../runtime/cli-error.js';
import { toJson } from '../runtime/json.js';
import { red } from '../terminal/colors.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Reports a failure on stderr, as text or, with `json`, as one line `{"error":{type,code,message,requestId,hint}}`.
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
export function toErrorData({ type, code, message, requestId, hint }: CliError): Record<string, string> {
  return { type, code, message, requestId, hint };
}

/**
 * Formats a failure as text. Control characters are escaped, so that remote text cannot control the terminal. Lines of the message
 * after the first are marked, so that they cannot look like lines of kitectl.
 */
export function formatFailure(error: CliError, emphasize: (text: string) => string = (text) => text): string {
  const operation = error.operation === '' ? '' : `${makeVisible(error.operation)} failed: `;
  const message = makeVisible(error.message, { newlines: true }).trimEnd().replaceAll('\n', '\n  | ');
  const line = `${emphasize('error:')} ${operation}${message}${formatRemoteDetails(error)}\n`;
  return error.hint === '' ? line : `${line}hint: ${makeVisible(error.hint)}\n`;
}

function formatRemoteDetails(error: CliError): string {
  const details = [
    error.requestId === '' ? '' : error.type,
    error.code === '' || error.requestId === '' ? '' : `code ${error.code}`,
    error.requestId === '' ? '' : `request ${error.requestId}`,
  ].filter((text) => text !== '');
  return details.length === 0 ? '' : ` (${makeVisible(details.join(', '))})`;
}
