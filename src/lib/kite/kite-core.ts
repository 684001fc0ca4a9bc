import type { KiteIdentity } from '../protocol/identity.js';
import type { Channel } from '../transport/channel/channel.js';
import type { Clock } from '../util/clock.js';
import { Emitter } from '../util/emitter.js';
import type { ConnectionLimits } from '../util/limits.js';
import type { Logger } from '../util/logger.js';
import type { Fragment } from '../transport/channel/outgoing-message.js';
import {
  Client,
  type Closable,
  type ClientHost,
  type ClientOptions,
  type Dialer,
  type Transport,
} from './call/client.js';
import { type CallMemory, Connection, type ConnectionEvents } from './call/connection.js';
import { Dispatcher, type DispatcherOptions } from './serve/dispatcher.js';
import { type FinalFunc, type Handler, Method, type MethodDescription } from './serve/method.js';
import type { AnyMethods, MethodArgs, MethodName, MethodResult } from './call/method-types.js';
import type { Peer } from './call/peer.js';
import type { ArgsSchema, JsonSchema } from './serve/argument-schema.js';
import { envelopeFragment, type IncomingCall, methodFragment } from './call/envelope.js';

export type KiteEvents = {
  /** Somebody has connected to this kite. */
  connect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A connected peer has made its first call. */
  firstRequest: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A peer that had connected is gone. */
  disconnect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** This kite is registered at Kontrol under `url`. */
  register: [url: string];
  /** A registration that is kept up was not taken, and why. It is tried again. */
  registerFailed: [error: Error];
};

export interface HandleOptions<Args extends readonly unknown[]> {
  /**
   * Checks the arguments before the handler sees them, and gives them their type: a zod, valibot or arktype schema of a
   * tuple. What it refuses is answered with `argumentError`.
   */
  readonly args?: ArgsSchema<Args>;
  /** What the method does, told to callers of `kite.describe`. */
  readonly description?: string;
  /**
   * What the arguments look like, told to callers of `kite.describe`: the JSON Schema of their array. It is not made of
   * `args`, and checks nothing.
   */
  readonly jsonSchema?: JsonSchema;
}

/** What `kite.describe` answers. */
export interface KiteDescription {
  readonly kite: KiteIdentity;
  /** In the order of their names. */
  readonly methods: readonly MethodDescription[];
}

export interface CoreOptions extends DispatcherOptions {
  readonly identity: KiteIdentity;
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeout: number;
  readonly handshakeTimeout: number;
  readonly transport: Transport;
  readonly trustRemote: readonly string[] | true | undefined;
  readonly dialer: Dialer;
  /** For a kite that many call again and again. */
  readonly newMemory?: () => CallMemory;
}

/** What every kite is, in Node and in a page: an identity, methods, and connections. It opens no port. */
export class KiteCore<Methods = AnyMethods> extends Emitter<KiteEvents> {
  readonly identity: KiteIdentity;
  protected readonly dispatcher: Dispatcher;
  protected readonly accepted = new Set<Connection>();
  protected readonly host: ClientHost;
  readonly #clock: Clock;
  readonly #clients = new Set<Closable>();

  constructor(options: CoreOptions) {
    super();
    this.identity = options.identity;
    this.#clock = options.clock;
    this.dispatcher = new Dispatcher(options);
    this.host = this.#makeHost(options);
  }

  /**
   * Gives the kite a method. The handler may be async; calls run side by side. A name that is taken is given the new
   * handler. Returns the method, to chain `disableAuthentication()`, `throttle(…)` and the like.
   */
  handle<Name extends MethodName<Methods>>(
    name: Name,
    handler: Handler<MethodArgs<Methods, Name>, MethodResult<Methods, Name, unknown>>,
  ): Method;
  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method {
    const [options, handler] =
      maybeHandler === undefined ? [{}, optionsOrHandler] : [optionsOrHandler, maybeHandler];
    if (typeof handler !== 'function') throw new TypeError(`The handler of "${name}" is no function`);
    const details = options as HandleOptions<unknown[]>;
    const method = new Method(name, handler as Handler, this.#clock, details);
    this.dispatcher.add(method);
    return method;
  }

  /** What this kite is and which methods it has. */
  describe(): KiteDescription {
    return { kite: this.identity, methods: this.dispatcher.list().map((method) => method.describe()) };
  }

  /** Runs before every method, after the method's own. */
  preHandle(handler: Handler): this {
    this.dispatcher.chain.pre.push(handler);
    return this;
  }

  /** Runs after every method, after the method's own. */
  postHandle(handler: Handler): this {
    this.dispatcher.chain.post.push(handler);
    return this;
  }

  /** Runs at the end of every call, failed or not, after the method's own. */
  finalFunc(final: FinalFunc): this {
    this.dispatcher.chain.final.push(final);
    return this;
  }

  /** A client of the kite at `url`, not connected yet. Closed with this kite. */
  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    const client = new Client<Remote>(this.host, url, options);
    this.#clients.add(client);
    return client;
  }

  /**
   * Takes over a channel that a peer has opened. `username`: whose it is, where the channel itself vouches for that; else
   * whoever is at the other end authenticates with each call.
   */
  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    const connection = new Connection(this.host, channel, { role: 'accepted', username });
    this.accepted.add(connection);
    this.#debug(connection, 'connected');
    this.emit('connect', connection);
    connection.start();
    return connection;
  }

  // Finding out an address costs a call into the system.
  #debug(connection: Connection, what: string): void {
    const { logger } = this.host;
    if (logger.isLevelEnabled?.('debug') ?? true) logger.debug(`${connection.remoteAddress} ${what}`);
  }

  protected closeClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  #makeHost(options: CoreOptions): ClientHost {
    const identityJson = JSON.stringify(options.identity);
    const anonymous = envelopeFragment(identityJson, 'null');
    let authenticated: { readonly json: string; readonly fragment: Fragment } | undefined;
    const methods = new Map<string, Fragment>();
    return {
      ...options,
      envelopeFragment(auth) {
        if (auth === null || auth === undefined) return anonymous;
        // Most programs have one key, and all their connections share what is made of it.
        const json = JSON.stringify(auth);
        if (authenticated?.json !== json) {
          authenticated = { json, fragment: envelopeFragment(identityJson, json) };
        }
        return authenticated.fragment;
      },
      methodFragment(method) {
        let fragment = methods.get(method);
        if (!fragment) {
          fragment = methodFragment(method);
          // A program that makes up method names must not fill the memory with them.
          if (methods.size < KEPT_METHODS) methods.set(method, fragment);
        }
        return fragment;
      },
      dispatch: (connection, call) => this.#dispatch(connection, call),
      disconnected: (connection) => this.#disconnected(connection),
      clientClosed: (client) => this.#clients.delete(client),
    };
  }

  #dispatch(connection: Connection, call: IncomingCall): void {
    if (connection.firstCall && connection.role === 'accepted') this.emit('firstRequest', connection);
    this.dispatcher.dispatch(connection, call);
  }

  #disconnected(connection: Connection): void {
    if (!this.accepted.delete(connection)) return;
    this.#debug(connection, 'disconnected');
    this.emit('disconnect', connection);
  }
}

const KEPT_METHODS = 1000;
