import { isConfigurationError, isKiteError, KiteError } from '../../protocol/errors.js';
import { MISSING_AUTHENTICATION } from '../../protocol/missing-authentication.js';
import { record } from '../../util/record.js';
import { type CallerIdentity, NO_CLAIMS } from '../call/caller-identity.js';
import type { ConnectionCredential } from '../call/connection-credential.js';

/** What a check of credentials returns. */
export interface CheckedIdentity {
  readonly username: string;
  /** What is known about the caller, for `request.identity` and the option `allow`. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Until when the result is cached for the same credentials, in milliseconds since 1970. Default: it is not cached. */
  readonly expiresAt?: number;
}

/** Receives the `key` of a call and its request, and returns the caller or throws. */
export type AuthCheck<Call = unknown> = (
  key: string,
  request: Call,
) => string | CheckedIdentity | Promise<string | CheckedIdentity>;

/** Returns the type and the key of credentials, which may be any value. */
export function parseAuth(auth: unknown): { readonly type: string; readonly key: string } {
  if (typeof auth !== 'object' || auth === null) throw authenticationError(MISSING_AUTHENTICATION);
  const { type, key } = auth as { type?: unknown; key?: unknown };
  if (typeof type !== 'string' || type === '') throw authenticationError(MISSING_AUTHENTICATION);
  return { type, key: typeof key === 'string' ? key : '' };
}

export function isCredential(result: unknown): result is ConnectionCredential {
  return typeof result === 'object' && result !== null && 'revocationKey' in result;
}

/** Returns what a check of the program has returned, as an identity. */
export function checkedIdentity(
  type: string,
  result: unknown,
): CallerIdentity & Pick<CheckedIdentity, 'expiresAt'> {
  const { username, claims = NO_CLAIMS, expiresAt } = record(result) as Partial<CheckedIdentity>;
  if (typeof username !== 'string' || username === '')
    throw authenticationError(`${type}: the check of this kite did not return a username`);
  if (typeof claims !== 'object' || claims === null)
    throw authenticationError(`${type}: the check of this kite returned claims that are not an object`);
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)))
    throw authenticationError(`${type}: the check of this kite returned an expiresAt that is not a number`);
  return expiresAt === undefined ? { username, claims } : { username, claims, expiresAt };
}

export function authenticationError(message: string, cause?: unknown): KiteError {
  const code = isKiteError(cause) && !isConfigurationError(cause) ? cause.code : '';
  return new KiteError('authenticationError', message, { code, cause });
}
