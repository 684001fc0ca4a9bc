import { ConfigurationError } from '../../protocol/errors.js';
import { DURATION_FORMS, parseDuration } from '../../util/duration.js';

/**
 * Returns how long a kite that shuts down still serves its callers, in milliseconds.
 *
 * @throws ConfigurationError `badValue` if it is not a duration
 */
export function readLameDuck(value: number | string = 0): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof ms === 'number' && ms >= 0 && Number.isFinite(ms)) return ms;
  const message = `lameDuck is ${JSON.stringify(value)}: it must be a number of milliseconds, or a string such as ${DURATION_FORMS}`;
  throw new ConfigurationError('badValue', message);
}
