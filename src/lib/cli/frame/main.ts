import { parseGlobalFlags } from './argv.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from './failures.js';
import { ProcessRuntime } from '../runtime/process-runtime.js';
import { reportFailure } from './report-failure.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Does what a command line says. The package is in the folder `root`. */
export type CommandLineRunner = (
  root: string,
  argv: readonly string[],
  runtime: CommandRuntime,
) => Promise<void>;

/**
 * Makes the world of a command, does what the command line says in one `way` or another, reports what fails, and ends the
 * process with its exit code. Whichever way it is, this is the same.
 */
export async function main(root: string, argv: readonly string[], way: CommandLineRunner): Promise<never> {
  hideDeprecationWarnings();
  const globals = parseGlobalFlags(argv);
  const runtime = new ProcessRuntime(root, globals);
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (error: CliError): void => {
      runtime.stop(error);
      // A server says goodbye to its peers first.
      if (!runtime.exitDeferred) reject(error);
    };
    // Once: a second signal ends the process at once, should the first hang.
    process.once('SIGINT', () => stop(interruptedBy('SIGINT', ExitCode.interrupted)));
    process.once('SIGTERM', () => stop(interruptedBy('SIGTERM', ExitCode.terminated)));
    runtime.onOutputError((error) => {
      // A reader that has seen enough (`| head`) is no failure.
      if (error.code === 'EPIPE') process.exit(ExitCode.ok);
      stop(outputError(error));
    });
  });
  // Should nothing be left to wait for before the command is done, this is no success.
  process.exitCode = ExitCode.remoteError;
  let exitCode: number = ExitCode.ok;
  try {
    // What is written last may turn out to be unwritable only while it leaves.
    await Promise.race([way(root, argv, runtime).then(() => runtime.flush()), stopped]);
  } catch (error) {
    const failure = toCliError(error);
    exitCode = failure.exitCode;
    const { json } = globals;
    // Whoever pressed Ctrl-C knows it, and a program that ran in the place of this one has spoken for itself.
    if (failure.type !== 'exit' && (json || failure.type !== 'interrupted')) {
      reportFailure(failure, json, runtime);
    }
  }
  await runtime.flush();
  process.exit(exitCode);
}

/** What a dependency should do differently one day is nothing to the person at the terminal, unless they ask for it. */
function hideDeprecationWarnings(): void {
  const flags = [process.env['NODE_OPTIONS'], ...process.execArgv].join(' ');
  if (!/--(?:trace|throw|pending)-deprecation/.test(flags)) process.noDeprecation = true;
}

function interruptedBy(signal: string, exitCode: ExitCode): CliError {
  return new CliError(`Ended by ${signal}.`, { exitCode, type: 'interrupted' });
}

function outputError(error: NodeJS.ErrnoException): CliError {
  return new CliError(`The output cannot be written: ${error.message}`, {
    exitCode: ExitCode.configuration,
    type: 'output',
    cause: error,
  });
}
