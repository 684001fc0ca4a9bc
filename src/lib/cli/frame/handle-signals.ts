import process from 'node:process';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import type { ProcessRuntime } from '../runtime/process-runtime.js';

/**
 * The signals that end a command, with its exit code. Windows has SIGBREAK, and neither SIGQUIT nor, from other programs, SIGTERM.
 */
const EXIT_CODES = {
  SIGBREAK: ExitCode.interrupted,
  SIGHUP: ExitCode.hungUp,
  SIGINT: ExitCode.interrupted,
  SIGQUIT: ExitCode.quit,
  SIGTERM: ExitCode.terminated,
} as const;

/**
 * Calls `stop` with the error to exit with when the first signal arrives. A second one exits at once, in case the shutdown hangs;
 * what listens to `exit` then ends child processes.
 *
 * SIGHUP reloads a server that has no terminal. It never counts as a second signal: a closing terminal sends it several times, and
 * systemd after SIGTERM.
 */
export function handleSignals(
  runtime: Pick<ProcessRuntime, 'signalsLeft' | 'reload'>,
  stop: (error: CliError) => void,
): void {
  let stopping = false;
  const receive = (signal: keyof typeof EXIT_CODES): void => {
    if (runtime.signalsLeft) return;
    if (signal === 'SIGHUP' && (stopping || runtime.reload())) return;
    const exitCode = EXIT_CODES[signal];
    if (stopping) process.exit(exitCode);
    stopping = true;
    stop(new CliError(`Interrupted by ${signal}.`, { exitCode, type: 'interrupted' }));
  };
  for (const signal of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) process.on(signal, receive);
}
