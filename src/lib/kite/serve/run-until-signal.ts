import type { KiteIdentity } from '../../protocol/identity.js';
import type { Logger } from '../../util/logger.js';
import { hasTerminal } from '../../util/has-terminal.js';
import { StderrLogger } from '../../util/stderr-logger.js';

/** A kite that can be run as a program. */
export interface Runnable {
  readonly identity: KiteIdentity;
  readonly url: string | undefined;
  listen(): Promise<void>;
}

/** The signals that close a kite. Windows has SIGBREAK instead of SIGQUIT. */
const CLOSING_SIGNALS = ['SIGBREAK', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * Listens until a signal, then calls `close`. SIGUSR2 toggles debug logging. SIGHUP, if the process has no terminal, ends debug
 * logging instead of closing the kite.
 */
export async function runUntilSignal(
  kite: Runnable,
  logger: Logger,
  close: () => Promise<void>,
): Promise<void> {
  await kite.listen();
  // Not when SIGHUP arrives, because the terminal may be closed then.
  const reloadsOnHangup = !hasTerminal();
  const toggle = (): void => {
    if (!(logger instanceof StderrLogger)) return;
    logger.toggleDebug();
    logger.info(`log level: ${logger.level}`);
  };
  process.on('SIGUSR2', toggle);
  let closing = false;
  const closed = new Promise<void>((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      if (signal === 'SIGHUP' && reloadsOnHangup) {
        if (logger instanceof StderrLogger) logger.restoreLevel();
        return;
      }
      // A closing terminal sends SIGHUP several times.
      if (signal === 'SIGHUP' && closing) return;
      closing = true;
      for (const name of CLOSING_SIGNALS) if (name !== 'SIGHUP') process.off(name, stop);
      resolve(close().finally(() => process.off('SIGHUP', stop)));
    };
    for (const name of CLOSING_SIGNALS) process.on(name, stop);
  });
  logger.info(`${kite.identity.name} ${kite.identity.version} listens at ${kite.url}`);
  await closed;
  process.off('SIGUSR2', toggle);
}
