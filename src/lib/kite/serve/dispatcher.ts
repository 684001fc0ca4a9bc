import { checkedMetadata } from '../../protocol/metadata.js';
import { isThenable } from '../../util/is-thenable.js';
import { cancelStream, isStream, type ItemStream } from '../../util/item-source.js';
import {
  callEnded,
  deadlinePassed,
  methodNotFound,
  rateExceeded,
  drainingError,
} from '../call/call-errors.js';
import type { Connection } from '../call/connection.js';
import type { HandlerChain, Method, MethodHandling } from './method.js';
import { Request } from './request.js';
import type { IncomingCall } from '../call/envelope.js';
import { canReceive, sendStream } from './send-stream.js';

export interface Authenticator {
  /**
   * Returns the username of a caller from the `authentication` of its call, or throws an `authenticationError`. Records the
   * credential in the connection.
   */
  verify(call: IncomingCall, connection: Connection): string;
}

export interface DispatcherOptions {
  readonly name: string;
  readonly authenticator: Authenticator;
  readonly methodHandling: MethodHandling;
  /** Whether calls of one connection run concurrently. */
  readonly concurrent: boolean;
}

/**
 * The only gate for incoming calls, on accepted and dialed connections: it checks method, shape, authentication and rate, and
 * then runs the handler. Every call that expects a response gets exactly one, unless its connection ends first or its caller
 * cancels it.
 */
export class Dispatcher {
  readonly chain: HandlerChain = { pre: [], post: [], final: [] };
  readonly #methods = new Map<string, Method>();
  readonly #options: DispatcherOptions;
  #draining = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  add(method: Method): void {
    this.#methods.set(method.name, method);
  }

  /** Returns the methods, sorted by name. */
  list(): readonly Method[] {
    // oxlint-disable-next-line unicorn/no-array-sort -- older browsers have no toSorted, and this is a copy
    return [...this.#methods.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Rejects calls from now on. */
  drain(): void {
    this.#draining = true;
  }

  dispatch(connection: Connection, call: IncomingCall): void {
    const method = this.#methods.get(call.method);
    // Without a request id, as in the Go implementation: there is no request yet.
    if (!method) {
      connection.respondError(call, methodNotFound(call.method), '');
      return;
    }
    const request = new Request(connection, call);
    try {
      this.#admit(connection, call, method, request);
    } catch (error) {
      connection.respondError(call, error, request.id);
      return;
    }
    connection.flow.began();
    if (this.#options.concurrent) {
      void this.#run(connection, call, method, request);
      return;
    }
    connection.track(call, request);
    connection.enqueue(() => {
      const isOver = request.canceled || (request.timeLeft ?? 1) <= 0;
      if (!isOver) return this.#run(connection, call, method, request);
      finish(connection, call, request);
      if (!request.canceled) connection.respondError(call, deadlinePassed(), request.id);
    });
  }

  #admit(connection: Connection, call: IncomingCall, method: Method, request: Request): void {
    if (call.problem) throw call.problem;
    if (this.#draining) throw drainingError(this.#options.name);
    if (method.authenticated && !connection.trusts(call.method)) {
      request.username = connection.username ?? this.#options.authenticator.verify(call, connection);
    }
    if (call.metadata !== undefined) request.metadata = checkedMetadata(call.metadata, connection.limits);
    if (!method.admit()) throw rateExceeded();
  }

  #run(connection: Connection, call: IncomingCall, method: Method, request: Request): Promise<void> | void {
    let result: unknown;
    try {
      result = method.run(request, this.chain, this.#options.methodHandling);
      if (isThenable(result)) return respondLater(connection, call, request, result);
    } catch (error) {
      fail(connection, call, request, error);
      return;
    }
    return respond(connection, call, request, result);
  }
}

/** Responds with what a promise of a handler resolves with. */
function respondLater(
  connection: Connection,
  call: IncomingCall,
  request: Request,
  promise: unknown,
): Promise<void> {
  connection.track(call, request);
  return Promise.resolve(promise).then(
    (result) => respond(connection, call, request, result),
    (error: unknown) => fail(connection, call, request, error),
  );
}

/** Responds with what a handler has returned: a result, or a stream. */
function respond(
  connection: Connection,
  call: IncomingCall,
  request: Request,
  result: unknown,
): Promise<void> | void {
  if (!isStream(result)) {
    answer(connection, call, request, result);
    return;
  }
  if (request.canceled || request.expired || !canReceive(call)) {
    cancelStream(result, request.signal.reason);
    answer(connection, call, request, null);
    return;
  }
  try {
    return respondWithStream(connection, call, request, result);
  } catch (error) {
    cancelStream(result, error);
    fail(connection, call, request, error);
  }
}

function respondWithStream(
  connection: Connection,
  call: IncomingCall,
  request: Request,
  stream: ItemStream,
): Promise<void> {
  const { producer, done } = sendStream(connection, call, stream);
  request.sendWhileWaited(producer);
  connection.track(call, request);
  return done.then(
    (result) => answer(connection, call, request, result),
    (error: unknown) => fail(connection, call, request, error),
  );
}

function answer(connection: Connection, call: IncomingCall, request: Request, result: unknown): void {
  finish(connection, call, request);
  // The result of work that was ended by the deadline could arrive just before the caller stops waiting.
  if (request.expired) connection.respondError(call, deadlinePassed(), request.id);
  else if (!request.canceled) connection.respond(call, result, request);
}

function fail(connection: Connection, call: IncomingCall, request: Request, error: unknown): void {
  finish(connection, call, request);
  if (!request.canceled) connection.respondError(call, error, request.id);
}

function finish(connection: Connection, call: IncomingCall, request: Request): void {
  connection.untrack(call, request);
  if (call.inputs) for (const input of call.inputs) input.close(callEnded());
  call.scope?.end();
  request.release();
  connection.flow.ended();
}
