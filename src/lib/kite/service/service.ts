import { ASYNC_DISPOSE } from '../../util/dispose.js';
import type { AnyMethods, MethodArgs, MethodName, MethodResult } from '../call/method-types.js';
import type { CallOptions } from '../call/peer.js';
import { hashOf } from './key-order.js';
import { ServiceCalls } from './service-calls.js';
import type { ServiceCore } from './service-core.js';
import type { ServiceAnswer, ServiceEvents, ServiceMetrics } from './service-options.js';

type ServiceListener<Name extends keyof ServiceEvents> = (...args: ServiceEvents[Name]) => unknown;

/**
 * A client of many kites with the same methods. Each call goes to one of them. Kites that cannot be reached, do not answer or
 * shut down get no calls until they are back. `kite.service` creates one.
 *
 * Lifecycle: any number of calls, then `close`. It is closed together with its kite.
 *
 * @example
 *     const math = kite.service<Math>('/bob/prod/math/>= 1.2', { idempotent: ['square'] });
 *     await math.tell('square', 4); // 16
 */
export class Service<Methods = AnyMethods> extends ServiceCalls<Methods> {
  readonly #core: ServiceCore;

  /** @internal */
  constructor(core: ServiceCore) {
    super(core.make);
    this.#core = core;
  }

  /** Adds a listener for an event. Returns a function that removes the listener. */
  on<Name extends keyof ServiceEvents>(name: Name, listener: ServiceListener<Name>): () => void;
  /**
   * Returns the calls for a key. They go to the same kite for all programs that know the same kites, such as the one that has a
   * session in memory. When kites come and go, only the keys of these change their kite. While a kite cannot be reached,
   * another one gets its keys.
   *
   * @example
   *     await math.on(sessionId).tell('session');
   */
  on(key: string): ServiceCalls<Methods>;
  on<Name extends keyof ServiceEvents>(
    key: string,
    listener?: ServiceListener<Name>,
  ): ServiceCalls<Methods> | (() => void) {
    if (listener) {
      const name = key as Name;
      return this.#core.on(name, listener);
    }
    return new ServiceCalls<Methods>(this.#core.make, hashOf(key));
  }

  /** Adds a listener that is called once, for the next event. Returns a function that removes the listener. */
  once<Name extends keyof ServiceEvents>(name: Name, listener: ServiceListener<Name>): () => void {
    return this.#core.once(name, listener);
  }

  /** Calls a method of all kites with the default timeout; see `callAll`. */
  all<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    ...args: MethodArgs<Methods, Name>
  ): AsyncGenerator<ServiceAnswer<MethodResult<Methods, Name, Result>>, void> {
    return this.callAll<Result, Name>(method, args);
  }

  /**
   * Calls a method of all kites that are known, also of those that this service is not connected to, and yields what each
   * answers, or why it has not, as soon as it is there. The calls begin with the loop; ending it early cancels those that still
   * run.
   *
   * @example
   *     for await (const { kite, result, error } of math.all('status')) console.log(kite.url, error ?? result);
   */
  callAll<Result = unknown, Name extends MethodName<Methods> = MethodName<Methods>>(
    method: Name,
    args: MethodArgs<Methods, Name>,
    options?: CallOptions,
  ): AsyncGenerator<ServiceAnswer<MethodResult<Methods, Name, Result>>, void> {
    return this.#core.all(method, args, options) as AsyncGenerator<
      ServiceAnswer<MethodResult<Methods, Name, Result>>,
      void
    >;
  }

  /** Returns what the service has counted, and the kites that it knows, those that it prefers first. */
  metrics(): ServiceMetrics {
    return this.#core.metrics();
  }

  /** Closes the connections and ends the watch. Pending calls reject with `disconnect`, code `closed`. */
  close(): void {
    this.#core.close();
  }

  /** Like `close`, for `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
