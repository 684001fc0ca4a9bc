import { BrandedError, kindOf } from '../../errors/branded-error.js';
import { TIMEOUT_HINT } from '../../errors/dial-hints.js';
import type { DialErrorCode } from '../../errors/error-codes.js';
import type { Abortable } from '../../util/abortable.js';
import { withoutSecrets } from './session-url.js';

/** A connection that could not be opened. The message contains the URL and the reason. */
export class DialError extends BrandedError {
  /** The reason. */
  readonly code: DialErrorCode;
  /** The URL, without credentials and query. */
  readonly url: string;
  /** The HTTP status of the response, if the server did not open a session. */
  readonly status: number | undefined;
  /** What to do. Empty if there is no advice. */
  readonly hint: string;

  constructor(
    code: DialErrorCode,
    url: URL | string,
    reason: string,
    options: { cause?: unknown; status?: number; hint?: string } = {},
  ) {
    const displayUrl = withoutSecrets(url);
    super('DialError', `Cannot connect to ${displayUrl}: ${reason}`, options.cause);
    this.code = code;
    this.url = displayUrl;
    this.status = options.status;
    this.hint = options.hint ?? '';
  }
}

/** Whether `error` is a DialError, also one of another copy of this library. */
export function isDialError(error: unknown): error is DialError {
  return kindOf(error) === 'DialError';
}

/** The hint if the server at the URL is not a kite. */
export const PATH_HINT = 'Try the path /kite.';

/** Returns the error for an HTTP response that did not open a session. */
export function statusError(url: URL, status: number, expected: string): DialError {
  const hint =
    status === 404
      ? PATH_HINT
      : status === 401 || status === 403
        ? 'Check the log of the server.'
        : status === 503
          ? 'The server is full. Try again later.'
          : 'Check the URL.';
  const reason = status === 404 ? 'no kite at this path (HTTP 404)' : `HTTP ${status} instead of ${expected}`;
  return new DialError('handshake', url, reason, { status, hint });
}

export function timeoutError(url: URL, ms: number): DialError {
  return new DialError('timeout', url, `no response within ${ms} ms`, { hint: TIMEOUT_HINT });
}

export function abortedError(url: URL | string, signal: Abortable | undefined): DialError {
  return new DialError('aborted', url, 'the caller aborted', { cause: signal?.reason });
}
