import { ConfigurationError } from '../../protocol/errors.js';
import { invalidValueMessage } from '../config/resolve-setting.js';
import { DURATION_FORMS, parseDuration } from '../../util/duration.js';

/**
 * Returns how long a kite that shuts down still serves its callers, in milliseconds.
 *
 * @throws ConfigurationError `badValue` if it is not a duration
 */
export function readLameDuck(value: number | string = 0): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof ms === 'number' && ms >= 0 && Number.isFinite(ms)) return ms;
  const expected = `a number of milliseconds, or a string such as ${DURATION_FORMS}`;
  throw new ConfigurationError('badValue', invalidValueMessage('lameDuck', value, expected));
}

/**
 * Checks how long a kite that shuts down waits for running calls.
 *
 * @throws ConfigurationError `badValue` if it is not a number of milliseconds
 */
export function requireDrainTimeout(ms: number | undefined): void {
  if (ms === undefined || (typeof ms === 'number' && ms >= 0)) return;
  const expected = 'a number of milliseconds, 0 or more';
  throw new ConfigurationError('badValue', invalidValueMessage('drainTimeout', ms, expected));
}
