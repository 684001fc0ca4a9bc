import { codedError, hasCode, KiteError, retryableError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { withoutUrlSecrets } from '../../transport/handshake/session-url.js';
import { messageOf } from '../../util/message-of.js';
import { record } from '../../util/record.js';

/** What is known about a call whose handler has failed. Nothing else is known about the call of a callback. */
export interface FailedRequest {
  /** Empty for the call of a callback. */
  readonly id: string;
  readonly method?: string;
  /** The authenticated user. Empty if there is none. */
  readonly username?: string;
  readonly kite?: KiteIdentity;
  readonly client?: { readonly remoteAddress: string };
  /** Whether the caller has given up. */
  readonly canceled?: boolean;
  /** Whether a time limit has passed. */
  readonly expired?: boolean;
}

/** Errors of calls that fail at the caller, or before a handler runs. */

/** `begun`: whether the peer has begun to send a stream. */
export function callTimeout(method: string, ms: number, begun = false): KiteError {
  const message = begun
    ? `The stream of "${method}" has not ended within ${seconds(ms)}`
    : `No response to "${method}" method in ${seconds(ms)}`;
  return new KiteError('timeout', message);
}

export function badTimeout(method: string, timeout: number): KiteError {
  const message = `The timeout of "${method}" is ${timeout}; it must be a number of milliseconds, 0 or more`;
  return new KiteError('argumentError', message);
}

/** The error of a call that was sent, and that may have run. */
export function disconnectError(reason: string): KiteError {
  return codedError('disconnect', 'lost', disconnected(reason));
}

/** The error of a call that was not sent, because the connection has ended. */
export function notSentError(reason = ''): KiteError {
  return retryableError('disconnect', 'notSent', disconnected(reason));
}

function disconnected(reason: string): string {
  return `Remote kite has disconnected${reason ? `: ${reason}` : ''}`;
}

/** Returns the error of a call that was not sent, because a call before it has failed. */
export function notSentBecause(error: unknown): unknown {
  return hasCode(error, 'lost') ? notSentError() : error;
}

/**
 * Returns the error of a handler or of a callback: that a call which it has made did not run does not mean that its own call did
 * not.
 */
export function ofHandler(error: unknown): unknown {
  try {
    const { type, code, message } = record(error);
    const isSafe = type === 'disconnect' && (code === 'notSent' || code === 'draining');
    return isSafe ? codedError('disconnect', 'lost', String(message), error) : error;
  } catch {
    // The properties of an error may throw when they are read.
    return error;
  }
}

/** The error of a call that was pending when this side closed the connection. */
export function closedHere(): KiteError {
  return codedError('disconnect', 'closed', 'This side has closed the connection');
}

/** The error of a client that the program has closed. */
export function closedError(url: string): KiteError {
  return codedError('disconnect', 'closed', `The client of ${withoutUrlSecrets(url)} was closed`);
}

/** The error of a call whose `signal` has aborted. */
export function abortedError(cause: unknown): KiteError {
  return new KiteError('aborted', `The caller has aborted the call: ${messageOf(cause)}`, { cause });
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
  return retryableError(
    'disconnect',
    'notSent',
    `Not connected to ${withoutUrlSecrets(url)}: call dial() first, or wait for it to reconnect`,
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

export function queueFull(content: string, limit: number): KiteError {
  const message = `${content} with the queue cannot be sent: larger than ${limit} bytes (limits.sendQueueBytes)`;
  return retryableError('sendError', 'queueFull', message);
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

/** The error of a call whose handler has not ended within the time limit of the method. */
export function methodTimeout(method: string, ms: number): KiteError {
  return codedError(
    'timeout',
    'methodTimeout',
    `"${method}" has not ended within its limit of ${seconds(ms)}`,
  );
}

export function rateExceeded(): KiteError {
  return new KiteError('requestLimitError', 'The maximum request rate is exceeded.');
}

export function drainingError(name: string): KiteError {
  return retryableError('disconnect', 'draining', `${name} is shutting down`);
}

export function invalidResponse(): KiteError {
  return new KiteError('invalidResponse', 'The response of the peer is not {error, result}');
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)}ms` : `${Number((ms / 1000).toFixed(3))}s`;
}
