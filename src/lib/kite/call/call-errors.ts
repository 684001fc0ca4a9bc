import { KiteError } from '../../protocol/errors.js';
import { messageOf } from '../../util/message-of.js';

/** The messages of calls that fail on the caller's side, or before a handler sees them. */

export function callTimeout(method: string, ms: number): KiteError {
  return new KiteError('timeout', `No response to "${method}" method in ${seconds(ms)}`);
}

export function disconnectError(reason: string): KiteError {
  return new KiteError('disconnect', `Remote kite has disconnected${reason ? `: ${reason}` : ''}`);
}

export function notConnectedError(url: string): KiteError {
  return new KiteError(
    'disconnect',
    `Not connected to ${url}: call dial() first, or wait for it to reconnect`,
  );
}

export function cannotSend(what: string, error: unknown): KiteError {
  const reason = messageOf(error);
  return new KiteError('argumentError', `${what} cannot be sent: ${reason}`, { cause: error });
}

export function tooLarge(what: string, limit: number): KiteError {
  return new KiteError(
    'sendError',
    `${what} cannot be sent: larger than ${limit} bytes (limits.messageBytes)`,
  );
}

export function tooManyCallbacks(limit: number): KiteError {
  return new KiteError(
    'argumentError',
    `The remote kite already holds ${limit} functions of this connection (limits.callbacksPerConnection): ` +
      `pass { callbacks: 'call' } with calls whose functions end with them, or forget() functions that are done`,
  );
}

export function methodNotFound(method: string): KiteError {
  return new KiteError('methodNotFound', `Method not found: ${method}`);
}

export function malformedCall(): KiteError {
  return new KiteError(
    'argumentError',
    'A call carries one argument: {kite, authentication, withArgs, responseCallback}',
  );
}

export function rateExceeded(): KiteError {
  return new KiteError('requestLimitError', 'The maximum request rate is exceeded.');
}

export function drainingError(name: string): KiteError {
  return new KiteError('disconnect', `${name} is shutting down`);
}

export function invalidResponse(): KiteError {
  return new KiteError(
    'invalidResponse',
    'The remote kite answered with something that is not {error, result}',
  );
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}
