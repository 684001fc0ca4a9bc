import type { MessageJson } from '../../dnode/message-json.js';
import { SPOKEN_EXTENSIONS } from '../../protocol/extensions.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { Fragment } from '../../transport/channel/outgoing-message.js';
import type { guardSignal } from '../../util/guard-signal.js';
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
import type { CallerIdentity } from '../call/caller-identity.js';
import { type CallPrefixCache, Connection, type ConnectionEvents } from '../call/connection.js';
import { envelopeFragment, type IncomingCall, methodFragment } from '../call/envelope.js';
import type { AnyMethods } from '../call/method-types.js';
import type { Peer } from '../call/peer.js';
import type { RunningCalls } from '../call/when-idle.js';
import { type Authenticator, Dispatcher, type DispatcherOptions } from '../serve/dispatcher.js';
import { type HandlerChain, type Handler, Method, type MethodParts } from '../serve/method.js';
import type { HandleOptions, KiteDescription, MethodHost } from '../serve/method-host.js';
import type { MethodDefinition } from '../serve/typed-methods.js';
import type { Request } from '../serve/request.js';
import { CACHED_CREDENTIALS, CACHED_METHODS } from '../limits/kite-limits.js';

/** The events of a kite, with the arguments of their listeners. */
export type KiteEvents = {
  /** A peer has connected to this kite. */
  connect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A connected peer makes its first call. */
  firstRequest: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** A peer has disconnected. */
  disconnect: [peer: Peer<AnyMethods, ConnectionEvents>];
  /** This kite has registered with Kontrol under `url`: the first time, or again. */
  register: [url: string];
  /**
   * A call was refused before its handler ran: its method does not exist, its caller was not authenticated, may not call the
   * method or exceeded its rate, its arguments are invalid, or the kite is shutting down. `error` is the reason, of which its
   * caller may see less: see the option `errors`.
   */
  refused: [request: Request, error: unknown];
  /** An attempt of `registerForever` or `registerHttp` has failed. Unless the method rejects, another attempt follows. */
  registerFailed: [error: Error];
};

export interface CoreOptions extends DispatcherOptions, MethodParts, Pick<ClientHost, 'newRenewal'> {
  readonly identity: KiteIdentity;
  readonly limits: ConnectionLimits;
  readonly json: MessageJson;
  readonly errorFields?: readonly string[] | undefined;
  readonly handlerFailed?: ClientHost['handlerFailed'];
  readonly errorForPeer?: ClientHost['errorForPeer'];
  readonly logger: Logger;
  readonly timeout: number;
  readonly handshakeTimeout: number;
  readonly transport: Transport;
  readonly trustRemote: readonly string[] | true | undefined;
  readonly dialer: Dialer;
  /** Creates the cache of call prefixes of a connection. Default: calls are always parsed as a whole. */
  readonly newPrefixCache?: () => CallPrefixCache;
  /** Throws if a client cannot have this URL and these options. Default: they are not checked. */
  readonly requireClient?: (url: string, options?: ClientOptions) => void;
  /** Guards the listeners of signals. Default: they are not guarded. */
  readonly guardSignal?: typeof guardSignal;
}

/**
 * The part of a kite that is the same in Node and in a page: its identity, its methods, its clients, and the connections that
 * it has accepted. It does not open a port.
 */
export class KiteCore extends Emitter<KiteEvents> implements MethodHost {
  readonly identity: KiteIdentity;
  /** The interface of this kite to its clients and connections. */
  readonly host: ClientHost;
  readonly #parts: MethodParts;
  readonly #authenticator: Authenticator;
  readonly #requireClient: CoreOptions['requireClient'];
  readonly #dispatcher: Dispatcher;
  /** The connections that peers have opened. */
  readonly accepted = new Set<Connection>();
  readonly #clients = new Set<OpenClient>();

  constructor(options: CoreOptions) {
    super(options.logger);
    this.identity = options.identity;
    this.#parts = options;
    this.#authenticator = options.authenticator;
    this.#requireClient = options.requireClient;
    this.#dispatcher = new Dispatcher(options);
    this.chain.refused = (request, error) => this.emit('refused', request, error);
    this.host = this.#makeHost(options);
  }

  /** Handlers that run around every method. */
  get chain(): HandlerChain {
    return this.#dispatcher.chain;
  }

  handle<Args extends unknown[], Result = unknown>(name: string, handler: Handler<Args, Result>): Method;
  handle<Args extends unknown[], Result = unknown>(
    name: string,
    options: HandleOptions<Args>,
    handler: Handler<Args, Result>,
  ): Method;
  /** For kites that forward the arguments of the overloads above. */
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method;
  handle(name: string, optionsOrHandler: unknown, maybeHandler?: unknown): Method {
    const [options, handler] =
      maybeHandler === undefined ? [{}, optionsOrHandler] : [optionsOrHandler, maybeHandler];
    return this.#add(this.#newMethod(name, options as HandleOptions, handler));
  }

  /**
   * Adds methods by name, all or none. Each entry is a handler, or an object with a handler and options. Returns the methods.
   */
  methods(entries: object): Readonly<Record<string, Method>> {
    const added = Object.entries(entries).map(([name, entry]: [string, unknown]) => {
      const { handler, ...options } = (
        typeof entry === 'function' ? { handler: entry } : (entry ?? {})
      ) as Partial<MethodDefinition>;
      return [name, this.#newMethod(name, options, handler)] as const;
    });
    for (const [, method] of added) this.#add(method);
    return Object.fromEntries(added);
  }

  #newMethod(name: string, options: HandleOptions, handler: unknown): Method {
    if (typeof handler !== 'function') throw new TypeError(`The handler of "${name}" is not a function`);
    const method = new Method(name, handler as Handler, this.#parts, options);
    this.#authenticator.prepare?.(method);
    return method;
  }

  #add(method: Method): Method {
    this.#dispatcher.add(method);
    return method;
  }

  describe(): KiteDescription {
    return this.#describe(this.#dispatcher.list());
  }

  async describeTo(request: Request): Promise<KiteDescription> {
    const methods = this.#dispatcher.list();
    return this.#describe((await this.#authenticator.visible?.(methods, request)) ?? methods);
  }

  #describe(methods: readonly Method[]): KiteDescription {
    const descriptions = methods.map((method) => method.describe());
    return { kite: this.identity, methods: descriptions, extensions: SPOKEN_EXTENSIONS };
  }

  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    this.#requireClient?.(url, options);
    const client = new Client<Remote>(this.host, url, options);
    this.#clients.add(client);
    return client;
  }

  accept(channel: Channel, identity?: CallerIdentity): Peer<AnyMethods, ConnectionEvents> {
    const connection = new Connection(this.host, channel, { role: 'accepted', identity });
    this.accepted.add(connection);
    this.#debug(connection, 'connected');
    this.emit('connect', connection);
    connection.start();
    return connection;
  }

  /** Rejects calls from now on, and tells the peers. Those that have no running call are about to be disconnected. */
  drain(): void {
    this.#dispatcher.drain();
    for (const connection of this.accepted) if (connection.flow.running > 0) connection.announceDraining();
    for (const client of this.#clients) client.announceDraining();
  }

  /** The calls of peers that run on the connections that this kite has opened. */
  get dialedCalls(): readonly RunningCalls[] {
    return [...this.#clients].flatMap((client) => client.running);
  }

  /** Lets clients that wait for their next attempt dial at once. */
  wake(): void {
    for (const client of this.#clients) client.wake();
  }

  closeClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  // Reading the remote address takes a system call.
  #debug(connection: Connection, event: string): void {
    const { logger } = this.host;
    if (logger.isLevelEnabled?.('debug') ?? true) logger.debug(`${connection.remoteAddress} ${event}`);
  }

  #makeHost(options: CoreOptions): ClientHost {
    const identity = JSON.stringify(options.identity);
    // Most programs have one key, so all their connections share its fragment.
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

/** Caches the fragment of each key. The cache is cleared at `max` entries, because a program may use any number of keys. */
function fragmentCache(max: number, make: (key: string) => Fragment): (key: string) => Fragment {
  const fragments = new Map<string, Fragment>();
  return (key) => {
    let fragment = fragments.get(key);
    if (!fragment) {
      if (fragments.size >= max) fragments.clear();
      fragment = make(key);
      fragments.set(key, fragment);
    }
    return fragment;
  };
}
