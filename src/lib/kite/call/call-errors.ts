import { codedError, KiteError } from '../../protocol/errors.js';
import { messageOf } from '../../util/message-of.js';

/** Errors of calls that fail at the caller, or before a handler runs. */

export function callTimeout(method: string, ms: number): KiteError {
  return new KiteError('timeout', `No response to "${method}" method in ${seconds(ms)}`);
}

export function badTimeout(method: string, timeout: unknown): KiteError {
  const given = typeof timeout === 'number' ? timeout.toString() : `a value of type ${typeof timeout}`;
  const message = `The timeout of "${method}" is ${given}; it must be a number of milliseconds, 0 or more`;
  return new KiteError('argumentError', message);
}

export function disconnectError(reason: string): KiteError {
  return new KiteError('disconnect', `Remote kite has disconnected${reason ? `: ${reason}` : ''}`);
}

/** The reason of the signal of a request whose caller has given up. */
export function canceledError(): KiteError {
  return new KiteError('canceled', 'The caller has canceled the call');
}

/** The reason of the signal of a request whose deadline has passed. */
export function deadlinePassed(): KiteError {
  return new KiteError('timeout', 'The deadline of the caller has passed');
}

export function notConnectedError(url: string): KiteError {
  return new KiteError(
    'disconnect',
    `Not connected to ${url}: call dial() first, or wait for it to reconnect`,
  );
}

export function cannotSend(content: string, error: unknown): KiteError {
  const reason = messageOf(error);
  return new KiteError('argumentError', `${content} cannot be sent: ${reason}`, { cause: error });
}

/** The error of a stream that a handler reads after its call has ended. */
export function callEnded(): KiteError {
  return new KiteError('canceled', 'The call to which the stream belongs has ended');
}

/** The error of a callback that is called after it was released. */
export function callbackEnded(reason = 'The callback has ended with its call'): KiteError {
  return codedError('canceled', 'callbackEnded', reason);
}

export function answerNotRequested(): KiteError {
  return codedError(
    'genericError',
    'answerNotRequested',
    'The answer of the callback was not requested: await it in the turn of the event loop in which the callback is called',
  );
}

export function misplacedStream(content: string): KiteError {
  const reason = 'A stream can only be an argument of a call, or what a handler returns';
  return cannotSend(content, new Error(reason));
}

/** `name`: the name of the limit. */
export function tooLarge(content: string, limit: number, name: string): KiteError {
  return new KiteError('sendError', `${content} cannot be sent: larger than ${limit} bytes (limits.${name})`);
}

export function tooManyCallbacks(limit: number): KiteError {
  return new KiteError(
    'argumentError',
    `The peer already has ${limit} functions (limits.callbacksPerConnection): release them with forget() or release()`,
  );
}

export function methodNotFound(method: string): KiteError {
  return new KiteError('methodNotFound', `Method not found: ${method}`);
}

export function malformedCall(): KiteError {
  return new KiteError(
    'argumentError',
    'A call must have one argument: {kite, authentication, withArgs, responseCallback}',
  );
}

export function rateExceeded(): KiteError {
  return new KiteError('requestLimitError', 'The maximum request rate is exceeded.');
}

export function drainingError(name: string): KiteError {
  return codedError('disconnect', 'draining', `${name} is shutting down`);
}

export function invalidResponse(): KiteError {
  return new KiteError('invalidResponse', 'The response of the peer is not {error, result}');
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)}ms` : `${Number((ms / 1000).toFixed(3))}s`;
}
