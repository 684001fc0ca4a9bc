import { makeVisible } from '../../util/printable.js';
import type { CliError } from '../runtime/cli-error.js';
import { toJson } from '../runtime/json.js';
import { red } from '../terminal/colors.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Reports a failure on stderr: for people in words, with `--json` as one line
 * `{"error":{type,code,message,requestId,hint}}`.
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

/** What a program is told of a failure. */
export function toErrorData({ type, code, message, requestId, hint }: CliError): Record<string, string> {
  return { type, code, message, requestId, hint };
}

/** A failure in words. What came from elsewhere cannot steer the terminal: its control characters are shown. */
export function formatFailure(error: CliError, emphasize: (text: string) => string = (text) => text): string {
  const what = error.operation === '' ? '' : `${makeVisible(error.operation)} failed: `;
  const message = makeVisible(error.message, { newlines: true });
  const line = `${emphasize('error:')} ${what}${message}${formatRemoteDetails(error)}\n`;
  return error.hint === '' ? line : `${line}hint: ${makeVisible(error.hint)}\n`;
}

function formatRemoteDetails(error: CliError): string {
  const known = [
    error.requestId === '' ? '' : error.type,
    error.code === '' || error.requestId === '' ? '' : `code ${error.code}`,
    error.requestId === '' ? '' : `request ${error.requestId}`,
  ].filter((text) => text !== '');
  return known.length === 0 ? '' : ` (${makeVisible(known.join(', '))})`;
}
