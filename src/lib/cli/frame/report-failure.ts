import { makeVisible } from '../../util/printable.js';
import type { CliError } from '../runtime/cli-error.js';
import { toJson } from '../runtime/json.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Reports a failure on stderr: for people in words, with `--json` as one line
 * `{"error":{type,code,message,requestId,hint}}`.
 */
export async function reportFailure(
  error: CliError,
  json: boolean,
  runtime: Pick<CommandRuntime, 'stderr' | 'env' | 'color'>,
): Promise<void> {
  const { stderr } = runtime;
  if (json) {
    stderr.write(`${toJson({ error: errorData(error) })}\n`);
    return;
  }
  let red = (text: string): string => text;
  if (canColor(runtime, stderr)) {
    ({ red } = await import('../terminal/terminal.js'));
  }
  stderr.write(formatFailure(error, red));
}

/** What a program is told of a failure. */
export function errorData({ type, code, message, requestId, hint }: CliError): Record<string, string> {
  return { type, code, message, requestId, hint };
}

/** A failure in words. What came from elsewhere cannot steer the terminal: its control characters are shown. */
export function formatFailure(error: CliError, emphasize: (text: string) => string = (text) => text): string {
  const what = error.doing === '' ? '' : `${makeVisible(error.doing)} failed: `;
  const message = makeVisible(error.message, { newlines: true });
  const line = `${emphasize('error:')} ${what}${message}${details(error)}\n`;
  return error.hint === '' ? line : `${line}hint: ${makeVisible(error.hint)}\n`;
}

function details(error: CliError): string {
  const known = [
    error.requestId === '' ? '' : error.type,
    error.code === '' || error.requestId === '' ? '' : `code ${error.code}`,
    error.requestId === '' ? '' : `request ${error.requestId}`,
  ].filter((text) => text !== '');
  return known.length === 0 ? '' : ` (${makeVisible(known.join(', '))})`;
}
