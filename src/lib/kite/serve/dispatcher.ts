import { checkedMetadata } from '../../protocol/metadata.js';
import { isKiteError } from '../../protocol/errors.js';
import { isThenable } from '../../util/is-thenable.js';
import { cancelStream, isStream, type ItemStream } from '../../util/item-source.js';
import {
  callEnded,
  deadlinePassed,
  methodNotFound,
  methodTimeout,
  ofHandler,
  rateExceeded,
  drainingError,
} from '../call/call-errors.js';
import type { Connection } from '../call/connection.js';
import type { HandlerChain, Method, MethodHandling } from './method.js';
import { Request } from './request.js';
import type { IncomingCall } from '../call/envelope.js';
import { canReceive, sendStream } from './send-stream.js';

/** Decides who may call a method that requires authentication. */
export interface Authenticator {
  /**
   * Sets the identity of a request, or throws an `authenticationError`. Records the credential in the connection. Returns a promise
   * if the credentials have to be checked first; the calls behind this one then wait.
   */
  admit(request: Request, method: Method, call: IncomingCall, connection: Connection): Promise<void> | void;
  /** Checks the options of a method that is added. */
  prepare?(method: Method): void;
  /** Returns the methods that a caller may know. Default: all. */
  visible?(methods: readonly Method[], request: Request): Promise<readonly Method[]>;
  /** Lets the calls behind a call wait until its credentials have been checked. Must be there if `admit` returns promises. */
  hold?(connection: Connection, checked: Promise<void>, settled: (error?: unknown) => void): void;
}

export interface DispatcherOptions {
  readonly name: string;
  readonly authenticator: Authenticator;
  readonly methodHandling: MethodHandling;
  /** Whether calls of one connection run concurrently. */
  readonly concurrent: boolean;
}

/**
 * The only gate for incoming calls, on accepted and dialed connections: it checks method, authentication, shape and rate, and
 * then runs the handler. Every call that expects a response gets exactly one, unless its connection ends first or its caller
 * cancels it.
 */
export class Dispatcher {
  readonly chain: HandlerChain = { around: [], pre: [], post: [], final: [] };
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
    const request = new Request(connection, call);
    if (!method) {
      // Without a request id, as in the Go implementation.
      this.#refuse(connection, call, request, methodNotFound(call.method), '');
      return;
    }
    let checked: Promise<void> | void;
    try {
      checked = this.#admit(connection, call, method, request);
    } catch (error) {
      this.#refuse(connection, call, request, error);
      return;
    }
    connection.flow.began();
    if (checked) this.#wait(checked, connection, call, method, request);
    else this.#start(connection, call, method, request);
  }

  /** Starts a call when its credentials have been checked. */
  #wait(
    checked: Promise<void>,
    connection: Connection,
    call: IncomingCall,
    method: Method,
    request: Request,
  ): void {
    connection.track(call, request);
    this.#options.authenticator.hold?.(connection, checked, (error) => {
      if (error === undefined && !this.#options.concurrent) this.#start(connection, call, method, request);
      else void this.#resume(connection, call, method, request, error);
    });
  }

  /** Runs a call that has waited, unless its caller waits for it no longer. */
  #resume(
    connection: Connection,
    call: IncomingCall,
    method: Method,
    request: Request,
    error?: unknown,
  ): Promise<void> | void {
    const failure = error ?? ((request.timeLeft ?? 1) <= 0 ? deadlinePassed() : undefined);
    if (failure === undefined && !request.canceled && !connection.hasEnded)
      return this.#run(connection, call, method, request);
    finish(connection, call, request);
    if (failure !== undefined && !request.canceled) this.#refuse(connection, call, request, failure);
  }

  #refuse(
    connection: Connection,
    call: IncomingCall,
    request: Request,
    error: unknown,
    id: string = request.id,
  ): void {
    // A check of the program, such as a function in `allow`, can fail like a handler.
    const shown = isKiteError(error) ? error : connection.handlerFailed(error, request);
    connection.respondError(call, shown, id);
    this.chain.refused?.(request, error);
  }

  #start(connection: Connection, call: IncomingCall, method: Method, request: Request): void {
    if (this.#options.concurrent) {
      void this.#run(connection, call, method, request);
      return;
    }
    connection.track(call, request);
    connection.enqueue(() => this.#resume(connection, call, method, request));
  }

  #admit(connection: Connection, call: IncomingCall, method: Method, request: Request): Promise<void> | void {
    if (this.#draining) throw drainingError(this.#options.name);
    const checked = method.authenticated
      ? this.#options.authenticator.admit(request, method, call, connection)
      : undefined;
    if (checked) return checked.then(() => limit(connection, call, method, request));
    limit(connection, call, method, request);
  }

  #run(connection: Connection, call: IncomingCall, method: Method, request: Request): Promise<void> | void {
    const { timeout } = method;
    if (timeout !== undefined)
      request.limit(timeout, () => {
        const error = methodTimeout(method.name, timeout);
        request.expire(error);
        fail(connection, call, request, error);
      });
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

/** Checks what an authenticated caller has sent, and its rate. */
function limit(connection: Connection, call: IncomingCall, method: Method, request: Request): void {
  if (call.problem) throw call.problem;
  if (call.metadata !== undefined) request.metadata = checkedMetadata(call.metadata, connection.limits);
  if (!method.admit(request)) throw rateExceeded();
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
  if (request.ended) {
    if (isStream(result)) cancelStream(result, request.signal.reason);
    return;
  }
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
  if (request.ended) return;
  finish(connection, call, request);
  // The result of work that was ended by the deadline could arrive just before the caller stops waiting.
  if (request.expired) connection.respondError(call, deadlinePassed(), request.id);
  else if (!request.canceled) connection.respond(call, result, request);
}

function fail(connection: Connection, call: IncomingCall, request: Request, error: unknown): void {
  const shown = connection.handlerFailed(error, request);
  if (request.ended) return;
  finish(connection, call, request);
  if (!request.canceled) connection.respondError(call, ofHandler(shown), request.id);
}

function finish(connection: Connection, call: IncomingCall, request: Request): void {
  connection.untrack(call, request);
  if (call.inputs) for (const input of call.inputs) input.close(callEnded());
  call.scope?.end();
  request.release();
  connection.flow.ended();
}
