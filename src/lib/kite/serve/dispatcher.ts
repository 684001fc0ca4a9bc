import { malformedCall, methodNotFound, rateExceeded, drainingError } from '../call/call-errors.js';
import type { Connection } from '../call/connection.js';
import type { HandlerChain, Method, MethodHandling } from './method.js';
import { Request } from './request.js';
import type { IncomingCall } from '../call/envelope.js';

/** Tells who the caller is from the `authentication` of a call. Throws an `authenticationError` where it cannot. */
export interface Authenticator {
  verify(auth: unknown): string;
}

export interface DispatcherOptions {
  readonly name: string;
  readonly authenticator: Authenticator;
  readonly methodHandling: MethodHandling;
  /** Whether calls of one connection run side by side. */
  readonly concurrent: boolean;
}

/**
 * The one gate for what comes in, whoever dialled: shape, method, authentication, rate, then the handler. Every call that
 * wants an answer gets exactly one, unless its connection ends first.
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

  /** The methods in the order of their names. */
  list(): readonly Method[] {
    // oxlint-disable-next-line unicorn/no-array-sort -- pages run where there is no toSorted yet, and this is a copy
    return [...this.#methods.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Refuses new calls from now on. */
  drain(): void {
    this.#draining = true;
  }

  dispatch(connection: Connection, call: IncomingCall): void {
    const method = this.#methods.get(call.method);
    // The reference gives no request id here: the request has not begun.
    if (!method) {
      connection.answerError(call, methodNotFound(call.method), '');
      return;
    }
    const request = new Request(connection, call);
    try {
      this.#admit(connection, call, method, request);
    } catch (error) {
      connection.answerError(call, error, request.id);
      return;
    }
    connection.flow.began();
    if (this.#options.concurrent) void this.#run(connection, call, method, request);
    else connection.enqueue(() => this.#run(connection, call, method, request));
  }

  #admit(connection: Connection, call: IncomingCall, method: Method, request: Request): void {
    if (call.malformed) throw malformedCall();
    if (this.#draining) throw drainingError(this.#options.name);
    if (method.authenticated && !connection.trusts(call.method)) {
      request.username = connection.username ?? this.#options.authenticator.verify(call.auth);
    }
    if (!method.admit()) throw rateExceeded();
  }

  #run(connection: Connection, call: IncomingCall, method: Method, request: Request): Promise<void> | void {
    const answer = (result: unknown): void => {
      finish(connection, request);
      connection.answer(call, result, () => request.id);
    };
    const fail = (error: unknown): void => {
      finish(connection, request);
      connection.answerError(call, error, request.id);
    };
    let result: unknown;
    try {
      result = method.run(request, this.chain, this.#options.methodHandling);
    } catch (error) {
      fail(error);
      return;
    }
    if (isThenable(result)) return Promise.resolve(result).then(answer, fail);
    answer(result);
  }
}

function finish(connection: Connection, request: Request): void {
  request.release();
  connection.flow.ended();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
