import { codedError, isKiteError, type KiteError } from '../../protocol/errors.js';

/** Milliseconds between attempts to register a kite that was registered before, and is now rejected. */
export const PERMANENT_FAILURE_RETRY = 60_000;

const PERMANENT_TYPES = ['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'];

/** Whether another attempt cannot succeed, because the key, the kite or the URL is invalid. */
export function isPermanentFailure(error: unknown): boolean {
  return isKiteError(error) && PERMANENT_TYPES.includes(error.type);
}

export function closingError(): KiteError {
  return codedError('disconnect', 'closed', 'The kite is closing');
}
