import type { KiteIdentity } from '../../protocol/identity.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import type { Clock } from '../../util/clock.js';
import { Emitter } from '../../util/emitter.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import type { Logger } from '../../util/logger.js';
import {
  Client,
  type OpenClient,
  type ClientHost,
  type ClientOptions,
  type Dialer,
  type Transport,
} from '../call/client.js';
import { type CallPrefixCache, Connection, type ConnectionEvents } from '../call/connection.js';
import { envelopeFragment, type IncomingCall, methodFragment } from '../call/envelope.js';
import type { AnyMethods } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import { Dispatcher, type DispatcherOptions } from '../serve/dispatcher.js';
import { type HandlerChain, type Handler, Method } from '../serve/method.js';
import type { HandleOptions, KiteDescription, MethodHost } from '../serve/method-host.js';
import { CACHED_CREDENTIALS, CACHED_METHODS } from '../limits/kite-limits.js';

export type KiteEvents = {
  /** A peer has connected to this kite. */
  connect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A connected peer has made its first call. */
  firstRequest: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A peer that had connected has disconnected. */
  disconnect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** This kite is registered at Kontrol under `url`. */
  register: [url: string];
  /** An attempt of `registerForever` or `registerHttp` failed, and why. Another attempt follows. */
  registerFailed: [error: Error];
};

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
  /** For a kite that the same peers call again and again. */
  readonly newPrefixCache?: () => CallPrefixCache;
}

/**
 * The part of a kite that is the same in Node and in a page: its identity, its methods, the connections that it has
 * accepted and its clients. It opens no port.
 */
export class KiteCore extends Emitter<KiteEvents> implements MethodHost {
  readonly identity: KiteIdentity;
  /** What clients and connections need of this kite. */
  readonly host: ClientHost;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  /** The connections that peers have opened. */
  readonly accepted = new Set<Connection>();
  readonly #clients = new Set<OpenClient>();

  constructor(options: CoreOptions) {
    super();
    this.identity = options.identity;
    this.#clock = options.clock;
    this.#dispatcher = new Dispatcher(options);
    this.host = this.#makeHost(options);
  }

  /** What runs around every method. */
  get chain(): HandlerChain {
    return this.#dispatcher.chain;
  }

  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  /** For what passes on the arguments of its own overloads. */
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method;
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method {
    const [options, handler] =
      maybeHandler === undefined ? [{}, optionsOrHandler] : [optionsOrHandler, maybeHandler];
    if (typeof handler !== 'function') throw new TypeError(`The handler of "${name}" is not a function`);
    const details = options as HandleOptions<unknown[]>;
    const method = new Method(name, handler as Handler, this.#clock, details);
    this.#dispatcher.add(method);
    return method;
  }

  describe(): KiteDescription {
    return { kite: this.identity, methods: this.#dispatcher.list().map((method) => method.describe()) };
  }

  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    const client = new Client<Remote>(this.host, url, options);
    this.#clients.add(client);
    return client;
  }

  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    const connection = new Connection(this.host, channel, { role: 'accepted', username });
    this.accepted.add(connection);
    this.#debug(connection, 'connected');
    this.emit('connect', connection);
    connection.start();
    return connection;
  }

  /** Refuses new calls from now on. */
  drain(): void {
    this.#dispatcher.drain();
  }

  closeClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  // Finding out an address costs a call into the system.
  #debug(connection: Connection, what: string): void {
    const { logger } = this.host;
    if (logger.isLevelEnabled?.('debug') ?? true) logger.debug(`${connection.remoteAddress} ${what}`);
  }

  #makeHost(options: CoreOptions): ClientHost {
    const identity = JSON.stringify(options.identity);
    // Most programs have one key, and all their connections share the fragment that is made from it.
    const envelope = fragmentCache(CACHED_CREDENTIALS, (auth) => envelopeFragment(identity, auth));
    return {
      ...options,
      envelopeFragment: (auth) => envelope(JSON.stringify(auth ?? null)),
      methodFragment: fragmentCache(CACHED_METHODS, methodFragment),
      dispatch: (connection, call) => this.#dispatch(connection, call),
      disconnected: (connection) => this.#disconnected(connection),
      clientClosed: (client) => this.#clients.delete(client),
    };
  }

  #dispatch(connection: Connection, call: IncomingCall): void {
    if (connection.firstCall && connection.role === 'accepted') this.emit('firstRequest', connection);
    this.#dispatcher.dispatch(connection, call);
  }

  #disconnected(connection: Connection): void {
    if (!this.accepted.delete(connection)) return;
    this.#debug(connection, 'disconnected');
    this.emit('disconnect', connection);
  }
}

/** Makes the fragment of each key once. It holds `most` of them: a program that makes up keys must not fill the memory. */
function fragmentCache(most: number, make: (key: string) => Fragment): (key: string) => Fragment {
  const fragments = new Map<string, Fragment>();
  return (key) => {
    let fragment = fragments.get(key);
    if (!fragment) {
      if (fragments.size >= most) fragments.clear();
      fragment = make(key);
      fragments.set(key, fragment);
    }
    return fragment;
  };
}
