import { LOG_LEVELS, StderrLogger } from '../util/stderr-logger.js';
import { mayColor, type Surroundings } from './surroundings.js';

/** Where a command that runs a server logs: standard error, from `KITE_LOG_LEVEL` up. */
export function loggerFor(surroundings: Pick<Surroundings, 'env' | 'stderr' | 'color'>): StderrLogger {
  const { env, stderr } = surroundings;
  const level = LOG_LEVELS.find((name) => name === env['KITE_LOG_LEVEL']?.toLowerCase());
  return new StderrLogger({
    stream: stderr,
    color: mayColor(surroundings, stderr),
    ...(level && { level }),
  });
}

/** Resolves when the person or the system wants the command to end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
