import { isKiteError } from './errors.js';

/** The message with which kites, also in Go, reject a call without credentials before anything has run. */
export const MISSING_AUTHENTICATION = 'No authentication information is provided';

/** Whether a kite has rejected a call because it contained no credentials. A handler can fail with the type alone. */
export function isMissingAuthentication(error: unknown): boolean {
  return isKiteError(error, 'authenticationError') && error.message === MISSING_AUTHENTICATION;
}
