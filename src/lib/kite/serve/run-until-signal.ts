import type { KiteIdentity } from '../../protocol/identity.js';
import type { Logger } from '../../util/logger.js';
import { StderrLogger } from '../../util/stderr-logger.js';

/** A kite that can be run as a program. */
export interface Runnable {
  readonly identity: KiteIdentity;
  readonly url: string | undefined;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Listens until SIGINT or SIGTERM, then closes the kite. SIGUSR2 toggles debug logging. */
export async function runUntilSignal(kite: Runnable, logger: Logger): Promise<void> {
  await kite.listen();
  const toggle = (): void => {
    if (!(logger instanceof StderrLogger)) return;
    logger.toggleDebug();
    logger.info(`log level: ${logger.level}`);
  };
  process.on('SIGUSR2', toggle);
  const closed = new Promise<void>((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve(kite.close());
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  logger.info(`${kite.identity.name} ${kite.identity.version} listens at ${kite.url}`);
  await closed;
  process.off('SIGUSR2', toggle);
}
