import { BrandedError, kindOf } from '../../../errors/branded-error.js';
import { isKiteError, KiteError } from '../../../protocol/errors.js';
import { isStorageError, StorageError } from '../shared/storage.js';
import { messageOf } from '../../../util/message-of.js';
import { databaseName, type PostgresConfig } from './postgres-config.js';
import { errorCode } from '../../../util/error-code.js';

/** The database did not respond in time. */
export class NoResponseError extends BrandedError {
  constructor(ms: number) {
    super(
      'NoResponseError',
      ms > 0 ? `it did not respond within ${ms / 1000} s` : 'it did not respond in time',
    );
  }
}

function isNoResponseError(error: unknown): error is NoResponseError {
  return kindOf(error) === 'NoResponseError';
}

/** Converts an error for callers of the store: to a StorageError, or to a KiteError if a value of the caller is invalid. */
export function toCallerError(config: PostgresConfig, cause: unknown): Error {
  if (isStorageError(cause) || isKiteError(cause)) return cause;
  const state = sqlState(cause);
  // An invalid value is not a failure of the database, whose location is not revealed to the sender.
  if (state === '23503') return invalidValueError('its key pair is not in the database');
  if (/^2[23]/.test(state ?? '')) return invalidValueError(reasonOf(cause));
  // The error of the server is not the cause, because its `detail` may contain a private key.
  const options = state === undefined ? { cause } : {};
  return new StorageError(
    'unavailable',
    `${databaseName(config)} ${problemAndHint(config, cause, state)}`,
    options,
  );
}

function invalidValueError(reason: string): KiteError {
  return new KiteError('argumentError', `PostgreSQL refuses a value: ${reason}`);
}

/** Returns whether the statement failed because of a serialization failure or a deadlock, and can be retried. */
export function isRetryable(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

/** Returns whether only the statement failed, so that the connection can still be used. */
export function isStatementError(error: unknown): boolean {
  const state = sqlState(error);
  // A new connection may lead to the primary.
  if (state === undefined || state === READ_ONLY) return false;
  return (error as { severity?: unknown }).severity === 'ERROR';
}

/** The SQLSTATE of a change on a standby, or on a former primary. */
const READ_ONLY = '25006';

/** Returns the SQLSTATE code of an error of the server. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function problemAndHint(config: PostgresConfig, cause: unknown, state: string | undefined): string {
  const { user } = config;
  const reason = reasonOf(cause);
  switch (state) {
    case '28P01':
      return `does not accept the login of ${JSON.stringify(user)}: ${reason}. Check the role and its password`;
    case '28000':
      return `does not accept the login of ${JSON.stringify(user)}: ${reason}. Check the role, and the server's pg_hba.conf`;
    case '3D000':
      return `does not exist: ${reason}. Create it with createdb, or use another one`;
    case '42501':
      return `denies ${JSON.stringify(user)} a permission: ${reason}. Grant it`;
    case '53300':
      return `does not accept more connections: ${reason}. Raise max_connections, or the connection limit of the role or the database`;
    case READ_ONLY:
      return `is read-only: ${reason}. Connect to the primary, and not to a standby`;
    case '3F000':
    case '42P01':
    case '42703':
      return `lacks a table or column: ${reason}. Restart Kontrol, which creates it`;
    case undefined:
      return connectionProblem(config, cause, reason);
    default:
      return `failed: ${reason}`;
  }
}

/** Describes a problem that occurred before a session was established. */
function connectionProblem(config: PostgresConfig, cause: unknown, reason: string): string {
  if (isNoResponseError(cause)) return `cannot be reached: ${reason}. Check that it is running`;
  if (/does not support SSL/.test(reason)) {
    return (
      'does not support TLS. Enable it on the server (ssl = on), or, if the network is trusted, ' +
      'disable it here (tls: false, --no-postgres-tls)'
    );
  }
  if (isCertificateProblem(cause)) {
    return `has a certificate that is not trusted: ${reason}. Set the authority that signed it (ca, --postgres-ca)`;
  }
  if (/client password must be/.test(reason)) {
    return `requires a password for ${JSON.stringify(config.user)}`;
  }
  return `cannot be reached: ${reason}. Check that it is running, and its host and port`;
}

function isCertificateProblem(cause: unknown): boolean {
  return /CERT|UNABLE_TO_|ERR_TLS_/.test(errorCode(cause) ?? '');
}

function reasonOf(cause: unknown): string {
  // No address of a host name could be reached.
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join(', ');
  return messageOf(cause);
}
