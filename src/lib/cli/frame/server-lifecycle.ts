import { isKiteError } from '../../protocol/errors.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { settingValue } from '../../kite/config/resolve-setting.js';
import { StderrLogger } from '../../util/stderr-logger.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from './failures.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/** Where a command that runs a server logs: standard error, from `KITE_LOG_LEVEL` up. */
export function loggerFor(runtime: Pick<CommandRuntime, 'env' | 'stderr' | 'color'>): StderrLogger {
  const { env, stderr, color } = runtime;
  return new StderrLogger({
    stream: stderr,
    color: canColor(runtime, stderr) && (color === 'always' || settingValue(kiteSettings.logColor, { env })),
    level: settingValue(kiteSettings.logLevel, { env }),
  });
}

/** Resolves when the person or the system wants the command to end. */
export function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What stands in the way of a server that is to listen is of this machine: most often its port. */
export function listenError(error: unknown): CliError {
  if (isCliError(error)) return error;
  if (!isKiteError(error, 'genericError')) return toCliError(error);
  return new CliError(error.message, {
    exitCode: ExitCode.configuration,
    type: 'configuration',
    code: error.code,
    hint: 'Choose another port with --port.',
    cause: error,
  });
}
