import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { guardListeners } from '../../util/guard-listeners.js';
import { startChild } from '../runtime/start-child.js';
import { configurationError, exitWith, usageError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { childEnvironment } from '../settings/child-environment.js';
import { installedKites, formatLocations, findMatching, newest, programOf } from './installed-kites.js';
import { kitesFolder, locationFolder, locationPath } from './install-location.js';
import { systemErrorReason } from '../../util/system-error.js';

export interface RunKiteOptions {
  /** Name of the kite, see `findMatching`. The newest of several versions runs. */
  readonly name: string;
  readonly args: readonly string[];
  /** Variables with a secret that the kite gets. Default: none. */
  readonly passedSecrets?: readonly string[];
}

/** Signals that are forwarded to the kite. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** A terminal sends these to all of its foreground processes, so forwarding would deliver them to the kite twice. */
const TERMINAL_SIGNALS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Runs an installed kite with the streams and the signals of this process. If a signal ends the kite, the exit code is 128
 * plus the signal's number.
 *
 * @throws CliError with the kite's exit code if that is not 0
 */
export async function runKite(
  { name, args, passedSecrets }: RunKiteOptions,
  runtime: CommandRuntime,
): Promise<void> {
  const { env, stdin } = runtime;
  const kites = kitesFolder(env);
  const matches = findMatching(name, await installedKites(kites));
  const location = newest(matches);
  if (!location)
    throw usageError(`Several kites match ${name}:\n${formatLocations(matches)}`, 'Pass one of these names.');
  const program = programOf(locationFolder(kites, location), location);
  runtime.deferExit();
  runtime.leaveSignals();
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    if (stdin.isTTY !== true || !TERMINAL_SIGNALS.has(signal)) child?.kill(signal);
  };
  // Before the kite starts: a signal in between would end this process and leave the kite running.
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    const started = startChild(
      () =>
        (child = spawn(program, [...args], { stdio: 'inherit', env: childEnvironment(env, passedSecrets) })),
      (error) =>
        configurationError(
          `${locationPath(location)} cannot be started: ${systemErrorReason(error)}`,
          'It may be damaged or built for another platform; reinstall it with --force.',
          error,
        ),
    );
    const running = started instanceof Promise ? await started : started;
    const code = await new Promise<number>((resolve, reject) => {
      const onExit = guardListeners(reject)((exitCode: number | null, signal: NodeJS.Signals | null) =>
        resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
      running.on('exit', onExit);
    });
    if (code !== 0) throw exitWith(code);
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}
