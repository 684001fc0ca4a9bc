import { codedError, isKiteError, type KiteError } from '../../protocol/errors.js';

/** Milliseconds after which a kite that was registered, and is refused now, asks again. */
export const REFUSED_WAIT = 60_000;

const FINAL = ['authenticationError', 'argumentError', 'methodNotFound', 'configurationError'];

/** Whether Kontrol says the same however often it is asked: the key, the kite or the address is wrong. */
export function isRefusal(error: unknown): boolean {
  return isKiteError(error) && FINAL.includes(error.type);
}

/** What was to be done for a kite that closes. */
export function closing(): KiteError {
  return codedError('disconnect', 'closed', 'The kite is closing');
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
