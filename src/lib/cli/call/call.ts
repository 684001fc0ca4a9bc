import { type Argument, readArguments } from './argument-sources.js';
import { withCallback } from './arguments.js';
import { formatResult, type ResultStyle, resultWriter } from './call-result.js';
import type { Connected } from '../target/dial-first.js';
import { type ConnectionOptions, withConnection } from '../target/with-connection.js';
import { toCliError } from '../frame/failures.js';
import { callLines, type LinesMode } from './call-stdin.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';

export interface CallOptions extends ConnectionOptions, ResultStyle {
  readonly method: string;
  readonly args: readonly Argument[];
  /** Hand over a function whose calls are printed. */
  readonly callback: boolean;
  /** Read the arguments of one call from each line of the standard input. */
  readonly stdin: false | LinesMode;
}

/**
 * Calls a method and prints its result to stdout: one JSON value where no format is asked for, indented on a terminal and
 * on one line elsewhere. Calls of a callback are printed before it, one list of arguments each.
 *
 * @throws CliError with the exit code and the advice that belong to what failed.
 */
export async function call(options: CallOptions, runtime: CommandRuntime): Promise<void> {
  const args = await readArguments(options.args, runtime.stdin);
  await withConnection(options, runtime, async (connected) => {
    const { client, doing } = connected;
    const { method, stdin } = options;
    if (stdin === false) return callOnce(options, args, connected, runtime);
    runtime.spareMemory();
    const format = await resultWriter(options);
    return callLines({ ...stdin, client, method, format, doing: doing(method) }, runtime);
  });
}

async function callOnce(
  options: CallOptions,
  args: readonly unknown[],
  { client, url, doing, spinner }: Connected,
  runtime: CommandRuntime,
): Promise<void> {
  const { method, callback } = options;
  const { stdout } = runtime;
  const print = await resultWriter(options);
  const called = callback
    ? withCallback(args, (...values) => void spinner.aside(() => stdout.write(print(values))))
    : [...args];
  const result = await spinner
    .during(`Waiting for ${method} at ${url}`, () => client.call(method, called))
    .catch((error: unknown) => {
      throw toCliError(error, doing(method));
    });
  await write(stdout, callback ? print(result) : await formatResult(result, options, runtime));
}
