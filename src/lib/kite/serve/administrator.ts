import { KiteError } from '../../protocol/errors.js';
import type { Request } from './request.js';

/**
 * Rejects a request unless it is from `user` and authenticated with a kite key. A token is not enough, because another user
 * may have obtained it.
 *
 * @throws KiteError `authenticationError`
 */
export function requireAdministrator({ username, auth, method }: Request, user: string): void {
  const { type } = (auth ?? {}) as { type?: unknown };
  if (username === user && type === 'kiteKey') return;
  throw new KiteError('authenticationError', `${method} requires the kite key of the user ${user}`);
}
