import { type ArgumentSource, readArguments } from './argument-sources.js';
import { withCallback } from './arguments.js';
import { closeStreams } from './byte-stream.js';
import { itemWriter, type ResultStyle, resultWriter } from './call-result.js';
import { printOutcome } from './print-outcome.js';
import { commonSettings } from '../settings/common-settings.js';
import type { DialedKite } from '../target/dial-first.js';
import { type ConnectOptions, withConnection } from '../target/with-connection.js';
import { isStream } from '../../util/item-source.js';
import { toCliError } from '../frame/failures.js';
import { callForEachLine, type StdinMode } from './call-stdin.js';
import { type CommandRuntime, writePieces } from '../runtime/command-runtime.js';

export interface CallCommandOptions extends ConnectOptions, ResultStyle {
  readonly method: string;
  readonly args: readonly ArgumentSource[];
  /** Whether to pass a function whose calls are printed. */
  readonly callback: boolean;
  /** How to make calls from standard input, or false to make one call with `args`. */
  readonly stdin: false | StdinMode;
}

/**
 * Calls a method and prints its result to stdout, or the items of a stream as they come. Calls of the callback are printed before
 * the result, one line each.
 *
 * @throws CliError if the call fails
 */
export async function call(options: CallCommandOptions, runtime: CommandRuntime): Promise<void> {
  const args = await readArguments(options.args, runtime.stdin);
  try {
    // A stream is used up by the first call.
    const repeatable = options.stdin === false && !args.some(isStream);
    await withConnection({ ...options, repeatable }, runtime, async (connected) => {
      const { client, operationFor } = connected;
      const { method, stdin } = options;
      if (stdin === false) return callOnce(options, args, connected, runtime);
      runtime.reduceMemoryUse();
      const format = await resultWriter(options, runtime.stdout);
      return callForEachLine({ ...stdin, client, method, format, operation: operationFor(method) }, runtime);
    });
  } finally {
    await closeStreams(args);
  }
}

async function callOnce(
  options: CallCommandOptions,
  args: readonly unknown[],
  { client, url, operationFor, spinner }: DialedKite,
  runtime: CommandRuntime,
): Promise<void> {
  const { method, callback, settings } = options;
  const { stdout, signal } = runtime;
  const { value: timeout, source } = settings.resolve(commonSettings.timeout);
  // The kite sees a timeout that the user has set, even in the first call.
  const callOptions = { signal, ...(source.type !== 'default' && { timeout }) };
  const failed = (error: unknown): never => {
    throw toCliError(error, operationFor(method));
  };
  const during = <Result>(work: () => Promise<Result>): Promise<Result> =>
    spinner.during(`Waiting for ${method} at ${url}`, work).catch(failed);
  if (!callback) {
    const stream = client.callStream(method, [...args], callOptions);
    return printOutcome(stream, options, { during, failed }, runtime);
  }
  const print = await itemWriter(options, stdout);
  const callArgs = withCallback(args, (...values) =>
    spinner.clearAndWrite(() => void stdout.write(print(values))),
  );
  const result = await during(() => client.call(method, callArgs, callOptions));
  await writePieces(stdout, [print(result)]);
}
