import { KiteError } from '../../protocol/errors.js';
import type { Request } from './request.js';

/**
 * Refuses everybody but `user`, whom a kite belongs to, with a kite key: a token may have come to somebody else.
 *
 * @throws KiteError `authenticationError`
 */
export function requireAdministrator({ username, auth, method }: Request, user: string): void {
  const { type } = (auth ?? {}) as { type?: unknown };
  if (username === user && type === 'kiteKey') return;
  throw new KiteError('authenticationError', `${method} is for the user ${user} with its kite key only`);
}
