import { isKiteError } from '../../protocol/errors.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { settingValue } from '../../kite/config/resolve-setting.js';
import { StderrLogger } from '../../util/stderr-logger.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from './failures.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/** Returns the logger of a command that runs a server. It logs to stderr, with `KITE_LOG_LEVEL` as its level. */
export function loggerFor(runtime: Pick<CommandRuntime, 'env' | 'stderr' | 'color'>): StderrLogger {
  const { env, stderr, color } = runtime;
  return new StderrLogger({
    stream: stderr,
    color: canColor(runtime, stderr) && (color === 'always' || settingValue(kiteSettings.logColor, { env })),
    level: settingValue(kiteSettings.logLevel, { env }),
  });
}

/** Resolves when `signal` is aborted. */
export function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Converts an error of `listen` to a configuration error: the cause is on this machine, most often a port in use. */
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
