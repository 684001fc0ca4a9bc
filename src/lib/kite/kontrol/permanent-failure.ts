import { codedError, isKiteError, type KiteError } from '../../protocol/errors.js';

/** Milliseconds after which a kite that was registered, and is refused now, asks again. */
export const PERMANENT_FAILURE_RETRY = 60_000;

const PERMANENT_TYPES = ['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'];

/** Whether Kontrol says the same however often it is asked: the key, the kite or the address is wrong. */
export function isPermanentFailure(error: unknown): boolean {
  return isKiteError(error) && PERMANENT_TYPES.includes(error.type);
}

/** What was to be done for a kite that closes. */
export function closingError(): KiteError {
  return codedError('disconnect', 'closed', 'The kite is closing');
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
