/// <reference lib="esnext.disposable" preserve="true" />

import type { KiteIdentity } from '../../protocol/identity.js';
import { ASYNC_DISPOSE } from '../../util/dispose.js';
import type { Channel } from '../../transport/channel/channel.js';
import { NO_CLAIMS } from '../call/caller-identity.js';
import type { Client, ClientOptions } from '../call/client.js';
import type { ConnectionEvents } from '../call/connection.js';
import type {
  AnyMethods,
  HandlerArgs,
  HandlerResult,
  MethodName,
  RemoteMethods,
  UncheckedName,
} from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { KiteCore, KiteEvents } from '../core/kite-core.js';
import type { FinalFunc, Handler, Method, Middleware } from '../serve/method.js';
import type { HandleOptions, KiteDescription } from '../serve/method-host.js';
import type {
  CheckedEntries,
  FittingSchema,
  IfUnchecked,
  MethodEntries,
  TypedMethods,
} from '../serve/typed-methods.js';

/** The part of a page that tells when to reconnect. Node has none of it. */
interface WakingPage {
  addEventListener?(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void;
}

const page = globalThis as unknown as WakingPage;

/** What kites in a page have in common, whatever parts they are composed of. `Options` are those of a client. */
export abstract class BasePageKite<Methods, Options extends ClientOptions> {
  /** Exists in the type only, which makes every kite a `Kite`, whatever its methods. */
  declare readonly '~methods'?: RemoteMethods<Methods>;
  readonly identity: KiteIdentity;
  readonly #core: KiteCore;
  readonly #closed = new AbortController();

  constructor(core: KiteCore) {
    this.#core = core;
    this.identity = core.identity;
    for (const event of ['online', 'visibilitychange'])
      page.addEventListener?.(event, () => this.wake(), this.#closed);
  }

  /**
   * Reconnects at once when the network is back, when the user looks at the page, whose timers were slow until then, and before
   * they become slow.
   */
  protected wake(): void {
    this.#core.wake();
  }

  /** Adds a listener for an event. Returns a function that removes the listener. */
  on<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.on(name, listener);
  }

  /** Adds a listener that is called once, for the next event. Returns a function that removes the listener. */
  once<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.once(name, listener);
  }

  /**
   * Registers a method. The handler may be async; calls run concurrently unless the option `concurrent` is false. A second
   * handler for the same name replaces the first. Returns the method, so that `throttle()` and similar calls can be chained.
   *
   * @throws TypeError if the handler is not a function
   */
  handle<Args extends unknown[], Result = unknown>(
    name: UncheckedName<Methods>,
    handler: Handler<Args, Result>,
  ): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: UncheckedName<Methods>,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  handle<
    Name extends MethodName<Methods>,
    Args extends unknown[] = HandlerArgs<Methods, Name>,
    Input = HandlerArgs<Methods, Name>,
  >(
    name: Name,
    options: HandleOptions<Args, Input> & FittingSchema<HandlerArgs<Methods, Name>, Input>,
    handler: Handler<Args, HandlerResult<Methods, Name>>,
  ): Method;
  handle<Name extends MethodName<Methods>>(
    name: Name,
    handler: Handler<HandlerArgs<Methods, Name>, HandlerResult<Methods, Name>>,
  ): Method;
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method {
    return this.#core.handle(name, optionsOrHandler, maybeHandler);
  }

  /**
   * Adds methods by name: handlers, or objects with a `handler` and the options of `handle`. Returns the methods. The type of what
   * it returns is that of a client of this kite, with the arguments and results of the handlers.
   *
   * @example
   *     const api = kite.methods({
   *       square: ({ args: [n] }: Request<[number]>) => n * n,
   *       greet: { args: z.tuple([z.string()]), handler: ({ args: [name] }) => `Hello, ${name}!` },
   *     });
   *     export type Api = typeof api; // for newClient<Api>(url)
   *
   * @throws TypeError if a handler is not a function
   */
  methods<Args, Entries extends object>(
    entries: Entries & MethodEntries<Args> & IfUnchecked<Methods>,
  ): TypedMethods<Entries>;
  methods<Names extends MethodName<Methods>>(
    entries: CheckedEntries<Methods, Names>,
  ): Readonly<Record<Names, Method>>;
  methods(entries: object): unknown {
    return this.#core.methods(entries);
  }

  /** Returns the identity and the methods of this kite: the result of its method `kite.describe`. */
  describe(): KiteDescription {
    return this.#core.describe();
  }

  /** Adds a handler that runs before every method, after the pre-handlers of the method. */
  preHandle(handler: Handler): this {
    this.#core.chain.pre.push(handler);
    return this;
  }

  /** Adds a handler that runs after every method, after the post-handlers of the method. */
  postHandle(handler: Handler): this {
    this.#core.chain.post.push(handler);
    return this;
  }

  /** Adds a function that runs at the end of every call, even if the call failed, after those of the method. */
  finalFunc(final: FinalFunc): this {
    this.#core.chain.final.push(final);
    return this;
  }

  /**
   * Adds middleware: functions that run around every method, its schema, and the handlers before and after it, in this order.
   * Calls that are refused before do not reach it; see the event `refused`.
   */
  use(...middleware: Middleware[]): this {
    this.#core.chain.around.push(...middleware);
    return this;
  }

  /**
   * Returns a client of the kite at `url`. The client is not connected: call its `dial` or `dialForever`. It is closed
   * together with this kite.
   */
  newClient<Remote = AnyMethods>(url: string, options?: Options): Client<Remote> {
    return this.#core.newClient<Remote>(url, options);
  }

  /**
   * Serves a channel that a peer has opened. `username` is the user of the peer if the channel itself has authenticated it;
   * otherwise the peer authenticates with each call.
   */
  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    return this.#core.accept(channel, username === undefined ? undefined : { username, claims: NO_CLAIMS });
  }

  /** Calls `close`, for `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    return this.close();
  }

  /** Closes every client, and rejects calls of peers. Pending calls reject with `disconnect`. */
  // oxlint-disable-next-line require-await -- returns a promise like `close` of a kite in Node
  async close(): Promise<void> {
    this.#core.drain();
    this.#core.closeClients();
    this.#closed.abort();
  }
}
