import { LOG_LEVELS, StderrLogger } from '../util/stderr-logger.js';
import { mayColor, type Surroundings } from './surroundings.js';

/** The log of a command that serves: from `KITE_LOG_LEVEL` up, on its stderr. */
export function loggerFor(surroundings: Pick<Surroundings, 'env' | 'stderr' | 'color'>): StderrLogger {
  const { env, stderr } = surroundings;
  const level = LOG_LEVELS.find((name) => name === env['KITE_LOG_LEVEL']?.toLowerCase());
  return new StderrLogger({
    stream: stderr,
    color: mayColor(surroundings, stderr),
    ...(level && { level }),
  });
}
