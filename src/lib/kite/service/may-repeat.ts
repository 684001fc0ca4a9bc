import type { KiteError } from '../../protocol/errors.js';

/**
 * Whether a call that has failed may be made again: it has certainly not run, or it may run twice (`isIdempotent`), and its answer
 * was lost with the connection.
 */
export function mayRepeat({ retryable, type, code }: KiteError, isIdempotent: boolean): boolean {
  return retryable || (isIdempotent && type === 'disconnect' && code === 'lost');
}
