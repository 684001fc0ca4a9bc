import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import type { KiteError } from '../../protocol/errors.js';

/**
 * Whether a call that has failed may be made again: it has certainly not run, or it may run twice (`isIdempotent`), and its answer
 * was lost with the connection.
 */
export function mayRepeat({ retryable, type, code }: KiteError, isIdempotent: boolean): boolean {
  return retryable || (isIdempotent && type === 'disconnect' && code === 'lost');
}

/** An attempt of a call that has failed. */
export interface FailedAttempt {
  readonly kite: { readonly url: string };
  readonly error: { readonly message: string };
}

/** Describes what was tried, for an error: the reason of each kite. */
export function listAttempts(failures: readonly FailedAttempt[]): string[] {
  return failures.map(({ kite, error }) => `${withoutUrlSecrets(kite.url)}: ${error.message}`);
}
