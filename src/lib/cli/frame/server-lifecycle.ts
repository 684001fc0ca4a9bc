import { kiteSettings } from '../../kite/config/kite-settings.js';
import { settingValue } from '../../kite/config/resolve-setting.js';
import { messageOf } from '../../util/message-of.js';
import { type LogStream, StderrLogger } from '../../util/stderr-logger.js';
import { LineGate, omittedLines } from '../runtime/line-gate.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Returns the logger of a command that runs a server. It logs to stderr, with `KITE_LOG_LEVEL` as its level. The messages of an
 * instance begin with its number.
 */
export function loggerFor(
  runtime: Pick<CommandRuntime, 'env' | 'stderr' | 'color' | 'instance'>,
): StderrLogger {
  const { env, stderr, color, instance } = runtime;
  const gate = new LineGate(stderr, (omitted) => logger.warn(omittedLines(omitted)));
  const stream: LogStream = {
    isTTY: stderr.isTTY === true,
    write: (text) => gate.admits() && stderr.write(text),
  };
  const logger = new StderrLogger({
    stream,
    color: canColor(runtime, stderr) && (color === 'always' || settingValue(kiteSettings.logColor, { env })),
    level: settingValue(kiteSettings.logLevel, { env }),
    ...(instance && { prefix: `[${instance.number}] ` }),
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

/** Something that a server reads again when it reloads. */
export interface ReloadPart {
  /** What it is, such as `the policy in policy.json`. */
  readonly what: string;
  /** Reads and applies it. If it throws or rejects, what was read before stays in use. */
  readonly reload: () => void | Promise<void>;
}

/**
 * Handles the signals of a server that do not end it. SIGHUP, if it has no terminal, restores the configured log level and reloads
 * each part; what cannot be used is logged. SIGUSR2 switches debug messages on and off.
 */
export function handleServerSignals(
  parts: readonly ReloadPart[],
  logger: StderrLogger,
  runtime: Pick<CommandRuntime, 'onServerSignals'>,
): void {
  let reloading = Promise.resolve();
  const reloadAll = async (): Promise<void> => {
    logger.restoreLevel();
    let failures = 0;
    for (const { what, reload } of parts) {
      try {
        await reload();
      } catch (error) {
        failures += 1;
        logger.error(`SIGHUP: ${what} cannot be used; the previous one stays in use: ${messageOf(error)}`);
      }
    }
    const names = ['the log level', ...parts.map(({ what }) => what)].join(', ');
    if (failures === 0) logger.info(`SIGHUP: reloaded ${names}`);
  };
  runtime.onServerSignals({
    reload: () => {
      // One after the other, so that the last state of the files is used.
      reloading = reloading.then(reloadAll);
    },
    toggleDebug: () => {
      logger.toggleDebug();
      logger.info(`log level: ${logger.level}`);
    },
  });
}

/**
 * Returns how a server that ends closes: without a delay if it has failed, instead of having been asked to end, and if nobody could
 * shorten the delay of an instance any more.
 */
export function endOptions(
  { signal, instance }: Pick<CommandRuntime, 'signal' | 'instance'>,
  lameDuck: number,
): { readonly lameDuck: number } {
  return { lameDuck: signal.aborted && !instance?.lost ? lameDuck : 0 };
}
