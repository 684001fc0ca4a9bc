import { BrandedError, kindOf } from '../../../errors/branded-error.js';
import { isKiteError, KiteError } from '../../../protocol/errors.js';
import { isStorageError, StorageError } from '../shared/storage.js';
import { messageOf } from '../../../util/message-of.js';
import { nameOf, type PostgresConfig } from './postgres-config.js';

/** No answer came within the time that there was. */
export class NoResponseError extends BrandedError {
  constructor(ms: number) {
    super('NoAnswer', ms > 0 ? `it did not answer within ${ms / 1000} s` : 'it did not answer in time');
  }
}

function isNoAnswer(error: unknown): error is NoResponseError {
  return kindOf(error) === 'NoAnswer';
}

/** A failure as callers of the store get it: a StorageError, or a KiteError where it is what they sent that is wrong. */
export function explain(config: PostgresConfig, cause: unknown): Error {
  if (isStorageError(cause) || isKiteError(cause)) return cause;
  const state = sqlState(cause);
  // Data that the database does not take says nothing of the database, and its sender is not told where that is.
  if (state === '23503') return refusal('its key pair is not in the database');
  if (/^2[23]/.test(state ?? '')) return refusal(reasonOf(cause));
  // What the server says of a row (`detail`) may show a private key: its error does not go along as the cause.
  const options = state === undefined ? { cause } : {};
  return new StorageError('unavailable', `${nameOf(config)} ${explanation(config, cause, state)}`, options);
}

function refusal(reason: string): KiteError {
  return new KiteError('argumentError', `PostgreSQL refuses this: ${reason}`);
}

/** Whether the server ended a statement so that others could go on: it may be sent again. */
export function isPassing(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

/** Whether the connection is as good as before: the server has refused a statement, nothing else. */
export function isRefusal(error: unknown): boolean {
  return sqlState(error) !== undefined && (error as { severity?: unknown }).severity === 'ERROR';
}

/** The five characters with which PostgreSQL says what kind of error it was. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function explanation(config: PostgresConfig, cause: unknown, state: string | undefined): string {
  const { user } = config;
  const reason = reasonOf(cause);
  switch (state) {
    case '28P01':
      return `does not let ${JSON.stringify(user)} in: ${reason}. Check the role and its password`;
    case '28000':
      return `does not let ${JSON.stringify(user)} in: ${reason}. Check the role, and the server's pg_hba.conf`;
    case '3D000':
      return `is not there: ${reason}. Make it with createdb, or name another one`;
    case '42501':
      return `does not let ${JSON.stringify(user)} do this: ${reason}. Grant it what is missing`;
    case '53300':
      return `takes no more connections: ${reason}. Raise the limit: max_connections, or that of the role or of the database`;
    case '3F000':
    case '42P01':
    case '42703':
      return `lacks what Kontrol keeps there: ${reason}. Start Kontrol again, which makes it`;
    case undefined:
      return withoutState(config, cause, reason);
    default:
      return `fails: ${reason}`;
  }
}

/** What went wrong before there was a session. */
function withoutState(config: PostgresConfig, cause: unknown, reason: string): string {
  if (isNoAnswer(cause)) return `cannot be reached: ${reason}. Check that it runs`;
  if (/does not support SSL/.test(reason)) {
    return (
      'offers no TLS. Set it up there (ssl = on), or, where nobody else is on the network between, ' +
      'switch it off here (tls: false, --no-postgres-tls)'
    );
  }
  if (isCertificateProblem(cause)) {
    return `shows a certificate that is not accepted: ${reason}. Name the authority that signed it (ca, --postgres-ca)`;
  }
  if (/client password must be/.test(reason)) {
    return `wants a password of ${JSON.stringify(config.user)}, and none was given`;
  }
  return `cannot be reached: ${reason}. Check that it runs, and its host and port`;
}

function isCertificateProblem(cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' && /CERT|UNABLE_TO_|ERR_TLS_/.test(code);
}

function reasonOf(cause: unknown): string {
  // Several addresses of one name, none of which could be reached.
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(reasonOf).join(', ');
  return messageOf(cause);
}
