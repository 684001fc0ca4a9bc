import { isKiteError } from '../../protocol/errors.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { settingValue } from '../../kite/config/resolve-setting.js';
import { type LogStream, StderrLogger } from '../../util/stderr-logger.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { LineGate, omittedLines } from '../runtime/line-gate.js';
import { toCliError } from './failures.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/** Returns the logger of a command that runs a server. It logs to stderr, with `KITE_LOG_LEVEL` as its level. */
export function loggerFor(runtime: Pick<CommandRuntime, 'env' | 'stderr' | 'color'>): StderrLogger {
  const { env, stderr, color } = runtime;
  const gate = new LineGate(stderr, (omitted) => logger.warn(omittedLines(omitted)));
  const stream: LogStream = {
    isTTY: stderr.isTTY === true,
    write: (text) => gate.admits() && stderr.write(text),
  };
  const logger = new StderrLogger({
    stream,
    color: canColor(runtime, stderr) && (color === 'always' || settingValue(kiteSettings.logColor, { env })),
    level: settingValue(kiteSettings.logLevel, { env }),
  });
  return logger;
}

/** Resolves when `signal` is aborted. */
export function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** How to set the address that a server listens on, such as `--port or KITE_PORT`. */
export interface ListenSettings {
  readonly ip: string;
  readonly port: string;
}

/** Converts an error of `listen` to a configuration error: the cause is on this machine, most often a port in use. */
export function listenError(error: unknown, settings: ListenSettings): CliError {
  if (isCliError(error)) return error;
  if (!isKiteError(error, 'genericError')) return toCliError(error);
  return new CliError(error.message, {
    exitCode: ExitCode.configuration,
    type: 'configuration',
    code: error.code,
    hint: listenHint(error.code, settings),
    cause: error,
  });
}

function listenHint(code: string, { ip, port }: ListenSettings): string {
  if (code === 'EADDRINUSE') return `Choose another port with ${port}.`;
  if (code === 'EACCES') return `Choose a port above 1023 with ${port}.`;
  return `Choose an address of this machine with ${ip}.`;
}
