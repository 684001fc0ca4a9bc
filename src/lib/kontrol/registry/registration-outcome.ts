import { codedError, type KiteError } from '../../protocol/errors.js';
import type { StorageError } from '../storage/shared/storage.js';
import type { VerifiedCaller } from '../tokens/credentials.js';

/**
 * Returns from when a kite must register again to renew its kite key. Over a connection, a kite does so by itself; if it has not
 * when a quarter of the lifetime is left, its connection is closed.
 */
export function registerAgainTime(
  { renewAt, sessionEnd, keyTtl = 0 }: VerifiedCaller,
  origin: 'connection' | 'http',
  now: number,
): number {
  const due = origin === 'http' ? renewAt : renewAt + keyTtl / 4;
  return now < due ? due : sessionEnd;
}

export function idTakenError(id: string): KiteError {
  const message = `The kite id ${id} is registered by another user or reserved for Kontrol; it becomes available when that registration ends`;
  return codedError('genericError', 'idTaken', message);
}

/** Does not reveal the location of the store to the caller. */
export function storeUnavailableError(cause: StorageError): KiteError {
  const message = "Kontrol's store cannot be reached to register the kite; try again later";
  return codedError('genericError', 'storeUnavailable', message, cause);
}
