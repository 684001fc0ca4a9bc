import { BrandedError, kindOf } from '../../errors/branded-error.js';
import type { DialErrorCode } from '../../errors/error-codes.js';
import type { Abortable } from '../../util/abortable.js';
import { withoutSecrets } from './session-url.js';

/** A connection could not be made. The message is for people: what failed, where, why, and what to do next. */
export class DialError extends BrandedError {
  /** Why the connection could not be made. */
  readonly code: DialErrorCode;
  /** The URL that was dialled, without credentials and query. */
  readonly url: string;
  /** The HTTP status that came in place of a session. */
  readonly status: number | undefined;

  constructor(
    code: DialErrorCode,
    url: URL | string,
    why: string,
    options: { cause?: unknown; status?: number } = {},
  ) {
    const shown = withoutSecrets(url);
    super('DialError', `Cannot connect to ${shown}: ${why}`, options.cause);
    this.code = code;
    this.url = shown;
    this.status = options.status;
  }
}

/** Whether `error` is a DialError, of whichever copy of this library. */
export function isDialError(error: unknown): error is DialError {
  return kindOf(error) === 'DialError';
}

/** What to do where something else answers. */
export const CHECK_PATH = 'Try the path /kite.';

/** What an HTTP answer in place of a session means. */
export function statusError(url: URL, status: number, expected: string): DialError {
  const hint =
    status === 404
      ? CHECK_PATH
      : status === 401 || status === 403
        ? 'The server, or a proxy in front of it, refused this client: check its log.'
        : status === 503
          ? 'The server has reached its limit of sessions; try again later.'
          : 'Check the URL, and that no proxy is in the way.';
  const what = status === 404 ? 'no kite at this path (HTTP 404).' : `HTTP ${status} instead of ${expected}.`;
  return new DialError('handshake', url, `${what} ${hint}`, { status });
}

export function timeoutError(url: URL, ms: number): DialError {
  return new DialError('timeout', url, `no answer within ${ms} ms. Check the address, or allow more time.`);
}

export function abortedError(url: URL | string, signal: Abortable | undefined): DialError {
  return new DialError('aborted', url, 'the caller gave up.', { cause: signal?.reason });
}
