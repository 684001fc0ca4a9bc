import { type ArgumentSource, readArguments } from './argument-sources.js';
import { withCallback } from './arguments.js';
import { canBeReadOnce, closeStreams } from './byte-stream.js';
import { itemWriter, type ResultStyle, resultWriter } from './call-result.js';
import { printOutcome } from './print-outcome.js';
import { commonSettings } from '../settings/common-settings.js';
import type { DialedKite } from '../target/dial-first.js';
import { type ConnectOptions, withConnection } from '../target/with-connection.js';
import { hasStreams } from '../../kite/call/tagged-message.js';
import { toCliError } from '../frame/failures.js';
import { callForEachLine, type StdinMode } from './call-stdin.js';
import { usageError } from '../runtime/cli-error.js';
import type { Repetition } from './repeated.js';
import { type CommandRuntime, writePieces } from '../runtime/command-runtime.js';

export interface CallCommandOptions extends ConnectOptions, ResultStyle, Repetition {
  readonly method: string;
  readonly args: readonly ArgumentSource[];
  /** Whether to pass a function whose calls are printed. */
  readonly callback: boolean;
  /** How to make calls from standard input, or false to make one call with `args`. */
  readonly stdin: false | StdinMode;
  /** Whether to call every kite of the query. Default: false. */
  readonly all?: boolean;
  /** With `all`: number of kites that have to answer. Default: all. */
  readonly replies?: number | undefined;
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
    if (options.all) return await callAtAll(options, args, runtime);
    await callAtOne(options, args, runtime);
  } finally {
    await closeStreams(args);
  }
}

async function callAtAll(
  options: CallCommandOptions,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<void> {
  if (canBeReadOnce(args)) {
    throw usageError(
      'Standard input and named pipes can be read only once, and --all would send a stream of them to each kite.',
      'Save the data to a file, and send it with @stream:PATH.',
    );
  }
  // Loaded on demand: most calls are for one kite.
  const { callAll } = await import('./call-all.js');
  await callAll(options, args, runtime);
}

async function callAtOne(
  options: CallCommandOptions,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<void> {
  const { method, stdin } = options;
  let isSent = false;
  let hasPrinted = false;
  // A stream is used up by the call that sends it, and items that were printed cannot be taken back.
  const repeatable = (): boolean => stdin === false && !hasPrinted && !(isSent && hasStreams(args));
  const use = async (connected: DialedKite): Promise<void> => {
    isSent = true;
    if (stdin === false) return callOnce(options, args, connected, runtime, () => (hasPrinted = true));
    const { client, operationFor } = connected;
    runtime.reduceMemoryUse();
    const format = await resultWriter(options, runtime.stdout);
    return callForEachLine({ ...stdin, client, method, format, operation: operationFor(method) }, runtime);
  };
  const attempt = (): Promise<void> => withConnection({ ...options, repeatable }, runtime, use);
  // Loaded on demand: most calls are made once.
  if (!options.retries) return attempt();
  const { repeated } = await import('./repeated.js');
  await repeated({ ...options, mayRepeat: repeatable }, runtime, attempt);
}

async function callOnce(
  options: CallCommandOptions,
  args: readonly unknown[],
  { client, url, operationFor, spinner }: DialedKite,
  runtime: CommandRuntime,
  printing: () => void,
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
    return printOutcome(stream, options, { during, failed, printing }, runtime);
  }
  const print = await itemWriter(options, stdout);
  const callArgs = withCallback(args, (...values) =>
    spinner.clearAndWrite(() => void stdout.write(print(values))),
  );
  const result = await during(() => client.call(method, callArgs, callOptions));
  await writePieces(stdout, [print(result)]);
}
