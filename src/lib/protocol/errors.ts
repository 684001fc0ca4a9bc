import { BrandedError, kindOf } from '../errors/branded-error.js';
import type { ConfigurationCode, KiteErrorCode, KnownErrorType, TypeOfCode } from '../errors/error-codes.js';
import { QUOTED_LENGTH } from './protocol-limits.js';

/** A program may use types of its own beside the known ones. */
export type ErrorType = KnownErrorType | (string & {});

/** An error in an answer, as it goes over the wire. */
export interface WireError {
  readonly type: string;
  readonly message: string;
  readonly code: string;
  readonly id: string;
}

export interface KiteErrorOptions {
  /** Machine-readable code of the program's own, such as `E42`. docs/errors.md lists those of this library. Default empty. */
  readonly code?: string;
  /** Id of the request that failed: 16 hex characters made by the kite that answered. Default empty. */
  readonly id?: string;
  readonly cause?: unknown;
}

/**
 * What a call rejects with, and what a handler throws to answer with a type and code of its own. `type` tells what kind
 * of failure it was; see `KnownErrorType`.
 */
export class KiteError extends BrandedError {
  declare readonly type: ErrorType;
  readonly code: string;
  readonly id: string;

  constructor(type: ErrorType, message: string, options: KiteErrorOptions = {}) {
    super('KiteError', message, options.cause);
    this.type = type;
    this.code = options.code ?? '';
    this.id = options.id ?? '';
  }
}

/**
 * An option, a `KITE_*` variable or a key file is missing or invalid. The message says which, what it is, and what to do.
 * `code` is the reason, such as `badValue`, `keyFileMissing` or `keyFileReadable`.
 */
export class ConfigurationError extends KiteError {
  override readonly name: string = 'ConfigurationError';
  declare readonly type: 'configurationError';
  declare readonly code: ConfigurationCode;

  constructor(code: ConfigurationCode, message: string, options: { readonly cause?: unknown } = {}) {
    super('configurationError', message, { ...options, code });
  }
}

/** A KiteError with a code of this library, and the type that `kiteErrorCodes` declares for it. */
export function codedError<Code extends KiteErrorCode>(
  type: TypeOfCode<Code>,
  code: Code,
  message: string,
  cause?: unknown,
): KiteError {
  return new KiteError(type, message, { code, cause });
}

/** Whether `error` is a KiteError with this code of this library. */
export function hasCode(error: unknown, code: KiteErrorCode | ConfigurationCode): error is KiteError {
  return isKiteError(error) && error.code === code;
}

/** Whether `error` is a KiteError, of whichever copy of this library, and of `type` if one is given. */
export function isKiteError(error: unknown, type?: ErrorType): error is KiteError {
  return kindOf(error) === 'KiteError' && (type === undefined || (error as KiteError).type === type);
}

/** Whether `error` is a ConfigurationError of this process: an error that a peer sent is not one, whatever its type. */
export function isConfigurationError(error: unknown): error is ConfigurationError {
  return isKiteError(error, 'configurationError') && error.name === 'ConfigurationError';
}

/**
 * What a handler threw, as it goes over the wire. Anything that is no KiteError becomes a `genericError` with its
 * message; no stack and no cause leave the process.
 */
export function toWireError(error: unknown, id = ''): WireError {
  if (isKiteError(error)) {
    return { type: error.type, message: error.message, code: error.code, id: error.id || id };
  }
  const thrown = asRecord(error);
  const message = typeof error === 'string' ? error : text(thrown?.['message']) || 'unknown error';
  return {
    // The types of this project's other errors, such as that of the command line, mean nothing to a peer.
    type: (!kindOf(error) && text(thrown?.['type'])) || 'genericError',
    message,
    code: text(thrown?.['code']),
    id,
  };
}

/**
 * An error that came in an answer. Peers other than kites of Go or of this library send errors of their own making
 * (`{message, name}`, a string, a plain object): each becomes a KiteError, none throws.
 */
export function fromWireError(value: unknown): KiteError {
  if (typeof value === 'string') return new KiteError('genericError', value);
  const wire = asRecord(value);
  if (!wire)
    return new KiteError('invalidResponse', `The remote kite answered with an error that is ${typeof value}`);
  return new KiteError(text(wire['type']) || 'genericError', text(wire['message']) || summary(wire), {
    code: text(wire['code']),
    id: text(wire['id']),
  });
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function summary(wire: Record<string, unknown>): string {
  return JSON.stringify(wire).slice(0, QUOTED_LENGTH);
}
