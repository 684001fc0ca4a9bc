import { parseGlobalFlags } from './argv.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from './failures.js';
import { handleSignals } from './handle-signals.js';
import type { InstanceReport } from '../runtime/instance-link.js';
import { ProcessRuntime } from '../runtime/process-runtime.js';
import { reportFailure } from './report-failure.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Runs a command line. `root` is the folder of the package. */
export type CommandLineRunner = (
  root: string,
  argv: readonly string[],
  runtime: CommandRuntime,
) => Promise<void>;

/**
 * Creates the runtime, runs a command line with `runCommandLine`, reports a failure, and exits the process with the exit code.
 */
export async function main(
  root: string,
  argv: readonly string[],
  runCommandLine: CommandLineRunner,
): Promise<never> {
  hideDeprecationWarnings();
  const globals = parseGlobalFlags(argv);
  const runtime = new ProcessRuntime(root, globals);
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (error: CliError): void => {
      runtime.stop(error);
      // A server shuts down gracefully first.
      if (!runtime.exitDeferred) reject(error);
    };
    handleSignals(runtime, stop);
    process.once('beforeExit', () => reject(noResultError()));
    runtime.onOutputError((error) => {
      // The reader closed the pipe (`| head`), which is not a failure.
      if (error.code === 'EPIPE') process.exit(ExitCode.ok);
      stop(outputError(error));
    });
  });
  // If the process exits before the command completes, the exit code is not 0.
  process.exitCode = ExitCode.remoteError;
  let exitCode: number = ExitCode.ok;
  try {
    // The last write can fail as late as during the flush.
    await Promise.race([runCommandLine(root, argv, runtime).then(() => runtime.flush()), stopped]);
  } catch (error) {
    const failure = toCliError(error);
    exitCode = failure.exitCode;
    const { json } = globals;
    const { instance } = runtime;
    // Ctrl-C needs no message, and a program that this command ran has reported its own failure.
    if (failure.type !== 'exit' && (json || failure.type !== 'interrupted')) {
      if (instance && !instance.lost) await instance.report(failedReport(failure));
      else reportFailure(failure, json, runtime);
    }
  }
  await runtime.flush();
  process.exit(exitCode);
}

/** The process that has started an instance decides whether its failure is that of the command. */
function failedReport({ message, exitCode, type, code, hint, operation }: CliError): InstanceReport {
  return { type: 'failed', failure: { message, exitCode, type, code, hint, operation } };
}

/** Hides deprecation warnings of dependencies, unless Node was started with a flag for them. */
function hideDeprecationWarnings(): void {
  const flags = [process.env['NODE_OPTIONS'], ...process.execArgv].join(' ');
  if (!/--(?:trace|throw|pending)-deprecation/.test(flags)) process.noDeprecation = true;
}

/** The event loop is empty, but the command still waits. */
function noResultError(): CliError {
  return new CliError('The command waits for something that can no longer happen.', {
    exitCode: ExitCode.remoteError,
    type: 'internal',
    hint: 'This is a bug of kitectl, or of a module that it has loaded. Please report it.',
  });
}

function outputError(error: NodeJS.ErrnoException): CliError {
  return new CliError(`Cannot write the output: ${error.message}`, {
    exitCode: ExitCode.configuration,
    type: 'output',
    cause: error,
  });
}
