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
 *
 * An instance of `serve --instances` also gets the signals of its process group, and `end` of the process that has started it, for
 * the same reason: only two signals are two. SIGHUP is for that process, which says what it means.
 */
export function handleSignals(
  runtime: Pick<ProcessRuntime, 'signalsLeft' | 'reload' | 'toggleDebug' | 'exitAtOnce' | 'instance'>,
  stop: (error: CliError) => void,
): void {
  const { instance } = runtime;
  let signals = 0;
  let stopping = false;
  const stopBy = (signal: keyof typeof EXIT_CODES): void => {
    if (stopping) return;
    stopping = true;
    stop(new CliError(`Interrupted by ${signal}.`, { exitCode: EXIT_CODES[signal], type: 'interrupted' }));
  };
  const receive = (signal: keyof typeof EXIT_CODES): void => {
    if (runtime.signalsLeft) return;
    if (signal === 'SIGHUP' && (stopping || instance || runtime.reload())) return;
    signals++;
    if (stopping && (signals > 1 || instance?.lost)) runtime.exitAtOnce(EXIT_CODES[signal]);
    stopBy(signal);
  };
  for (const signal of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) process.on(signal, receive);
  instance?.follow(
    (command) => {
      if (command === 'reload') runtime.reload();
      else if (command === 'toggleDebug') runtime.toggleDebug();
      else stopBy('SIGTERM');
    },
    // Without the process that has started it, nothing else would end it.
    () => {
      if (stopping) process.exit(EXIT_CODES.SIGTERM);
      stopBy('SIGTERM');
    },
  );
}
