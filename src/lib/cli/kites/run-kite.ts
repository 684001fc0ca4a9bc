import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { reasonOf } from '../../keys/secure-files.js';
import { configurationError, exitWith, usageError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { installedKites, listed, matching, newest, programOf } from './installed.js';
import { kitesFolder, placeFolder, placePath } from './kite-folder.js';

export interface RunOptions {
  /** Which kite, see `matching`. Of several versions it is the newest. */
  readonly name: string;
  readonly args: readonly string[];
}

/** What a person or a supervisor sends to tell a program something. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** A terminal sends these to all that runs in it: the kite has had them already, and a second one may mean another thing. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Runs an installed kite in the place of this program: with its streams, its signals, and its exit code, which is 128 and
 * the signal's number where a signal ended it.
 *
 * @throws CliError with the kite's exit code where that is not 0
 */
export async function run({ name, args }: RunOptions, runtime: CommandRuntime): Promise<void> {
  const { env, stdin } = runtime;
  const kites = kitesFolder(env);
  const matches = matching(name, await installedKites(kites));
  const place = newest(matches);
  if (!place)
    throw usageError(`Several kites are called ${name}:\n${listed(matches)}`, 'Say which one is meant.');
  const program = programOf(placeFolder(kites, place), place);
  runtime.deferExit();
  const child = spawn(program, [...args], { stdio: 'inherit', env: { ...env } });
  const forward = (signal: NodeJS.Signals): void => {
    if (stdin.isTTY !== true || !FROM_TERMINAL.has(signal)) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => {
        reject(
          configurationError(
            `${placePath(place)} cannot be started: ${reasonOf(error)}`,
            'It may be for another machine, or damaged: install it again with --force.',
            error,
          ),
        );
      });
      child.on('exit', (exitCode, signal) =>
        resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
    if (code !== 0) throw exitWith(code);
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}
