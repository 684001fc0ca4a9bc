/// <reference lib="esnext.disposable" preserve="true" />

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { codedError } from '../protocol/errors.js';
import type { KiteIdentity } from '../protocol/identity.js';
import type { KiteQuery } from '../protocol/query.js';
import type { Channel } from '../transport/channel/channel.js';
import { type Clock, systemClock } from '../util/clock.js';
import { delay, withDeadline } from '../util/deadline.js';
import type { Logger } from '../util/logger.js';
import { stackOf } from '../util/message-of.js';
import { NO_CLAIMS } from './call/caller-identity.js';
import type { Client, ClientOptions } from './call/client.js';
import type { Connection, ConnectionEvents } from './call/connection.js';
import type {
  AnyMethods,
  HandlerArgs,
  HandlerResult,
  MethodName,
  RemoteMethods,
  UncheckedName,
} from './call/method-types.js';
import type { Peer } from './call/peer.js';
import { connectLocally, type LocalOptions } from './local-peer.js';
import { requireAccess } from './client-access.js';
import { composeKite } from './compose-kite.js';
import type { Config } from './config/kite-config.js';
import type { DialedSockets } from './dialed-sockets.js';
import { CLOSING_TIMEOUT } from './limits/kite-limits.js';
import type { KiteCore, KiteEvents } from './core/kite-core.js';
import type { CloseOptions, KiteOptions, ReplacedParts } from './kite-options.js';
import type { KiteEvent, KiteWatch } from './kontrol/kite-watch.js';
import type { GetKitesOptions } from './kontrol/kontrol-client.js';
import type { KontrolMember, RegisterOptions } from './kontrol/kontrol-member.js';
import type { Registration } from './kontrol/registration.js';
import type { RemoteKite } from './kontrol/remote-kite.js';
import type { ProxyMember, RegisterToProxyOptions, RegisterToTunnelOptions } from './proxied/proxy-member.js';
import type { ProxyRegistration } from './proxied/proxy-registration.js';
import type { TlsOptions } from './serve/http-listener.js';
import type { HttpHandler, HttpRouteOptions, UpgradeHandler } from './serve/http-routes.js';
import type { KiteServer } from './serve/kite-server.js';
import { closeAnswered } from './serve/close-answered.js';
import { type HealthOptions, healthRoutes } from './serve/health-routes.js';
import { readLameDuck, requireDrainTimeout } from './serve/lame-duck.js';
import { addSteps, type FinalFunc, type Handler, type Method, type Middleware } from './serve/method.js';
import type { HandleOptions, KiteDescription } from './serve/method-host.js';
import type {
  CheckedEntries,
  FittingSchema,
  IfUnchecked,
  MethodEntries,
  TypedMethods,
} from './serve/typed-methods.js';
import { runUntilSignal } from './serve/run-until-signal.js';
import { KiteServices } from './service/kite-services.js';
import type { Service } from './service/service.js';
import type { ServiceOptions, ServiceTarget } from './service/service-options.js';
import type { Request } from './serve/request.js';
import type { AuthCheck } from './trust/auth-check.js';
import type { Verifier } from './trust/verifier.js';

/**
 * A kite: a named program that serves methods and calls the methods of other kites.
 *
 * Lifecycle: register methods with `handle`, then call `listen` or `mount` (a kite that only makes calls needs neither), then
 * `close`.
 *
 * @example
 *     const kite = new Kite('math', '1.0.0', { port: 3636 });
 *     kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
 *     await kite.listen();
 *
 * @throws ConfigurationError that identifies the invalid option, environment variable or key file
 */
export class Kite<Methods = AnyMethods> {
  /** Exists in the type only, which makes every kite a `Kite`, whatever its methods. */
  declare readonly '~methods'?: RemoteMethods<Methods>;
  /** The identity with which this kite registers and calls. Its `id` is new in each process, unless an option sets it. */
  readonly identity: KiteIdentity;
  /** The settings of this kite: its options, with environment variables, the kite key and defaults applied. */
  readonly config: Config;
  readonly #core: KiteCore;
  readonly #dialed: DialedSockets;
  readonly #server: KiteServer;
  readonly #kontrol: KontrolMember;
  readonly #proxies: ProxyMember;
  readonly #verifier: Verifier;
  readonly #services: KiteServices;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #beforeClose: (() => unknown)[] = [];
  #local: Connection | undefined;
  /** Aborts when the kite begins to close. */
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(name: string, version: string, options?: KiteOptions);
  /** @internal `replaced`: parts that this package replaces in the kites that it creates. */
  constructor(name: string, version: string, options: KiteOptions, replaced: ReplacedParts);
  constructor(name: string, version: string, options: KiteOptions = {}, replaced: ReplacedParts = {}) {
    const parts = composeKite(name, version, options, replaced);
    this.identity = parts.core.identity;
    this.config = parts.config;
    this.#core = parts.core;
    this.#dialed = parts.dialed;
    this.#server = parts.server;
    this.#kontrol = parts.kontrol;
    this.#proxies = parts.proxies;
    this.#verifier = parts.verifier;
    this.#services = new KiteServices(parts.core);
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  // Events

  /**
   * Adds a listener for an event. Returns a function that removes the listener.
   *
   * @example
   *     const off = kite.on('register', (url) => console.log(`registered at ${url}`));
   */
  on<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.on(name, listener);
  }

  /** Adds a listener that is called once, for the next event. Returns a function that removes the listener. */
  once<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.once(name, listener);
  }

  // Methods

  /**
   * Registers a method. The handler may be async; calls run concurrently unless the option `concurrent` is false. A second
   * handler for the same name replaces the first. Returns the method, so that `disableAuthentication()`, `throttle()` and
   * similar calls can be chained.
   *
   * @example
   *     kite.handle<[number], number>('square', ({ args: [n] }) => n * n).throttle({ interval: 1000, capacity: 10 });
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
   * Adds methods by name, all or none: handlers, or objects with a `handler` and the options of `handle`. Returns the methods. The
   * type of what it returns is that of a client of this kite, with the arguments and results of the handlers.
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

  /**
   * Adds middleware: functions that run around every method, its schema, and the handlers before and after it, in this order.
   * Calls that are refused before do not reach it; see the event `refused`.
   *
   * @example
   *     kite.use(async (request, next) => {
   *       request.context.account = await accounts.find(request.username);
   *       return next();
   *     });
   */
  use(...middleware: Middleware[]): this {
    addSteps(this.#core.chain.around, ...middleware);
    return this;
  }

  /** Adds a handler that runs before every method, after the pre-handlers of the method. */
  preHandle(handler: Handler): this {
    addSteps(this.#core.chain.pre, handler);
    return this;
  }

  /** Adds a handler that runs after every method, after the post-handlers of the method. */
  postHandle(handler: Handler): this {
    addSteps(this.#core.chain.post, handler);
    return this;
  }

  /** Adds a function that runs at the end of every call, even if the call failed, after those of the method. */
  finalFunc(final: FinalFunc): this {
    addSteps(this.#core.chain.final, final);
    return this;
  }

  /**
   * Adds an authentication type. `check` receives the `key` of a call and its request, and returns the caller: a username, or an
   * object that also has claims. If it throws, the caller gets an `authenticationError`: with the message of a KiteError, and with
   * that of anything else as the option `errors` says, because it is an accident, which is logged. If it returns a promise, later
   * calls of the connection wait, so that they run in order. The result is cached until `expiresAt`; without, each call is checked.
   *
   * @example
   *     kite.authenticate('session', async (key) => {
   *       const { user, roles, expires } = await sessions.find(key);
   *       return { username: user, claims: { roles }, expiresAt: expires.getTime() };
   *     });
   *
   * @throws TypeError if the type is not a string or empty, or the check is not a function
   */
  authenticate(type: string, check: AuthCheck<Request>): this {
    this.#verifier.addAuthType(type, check as AuthCheck);
    return this;
  }

  // Connections

  /**
   * Returns a client of the kite at `url`. The client is not connected: call its `dial` or `dialForever`. It is closed
   * together with this kite.
   *
   * @example
   *     const client = kite.newClient<{ square(n: number): number }>('http://localhost:3636/kite');
   *     await client.dial();
   *     await client.tell('square', 4); // 16
   *
   * @throws ConfigurationError that identifies the option that cannot be used
   */
  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    if (options) requireAccess(options);
    return this.#core.newClient<Remote>(url, options);
  }

  /**
   * Returns a peer that calls the methods of this kite within the process, for tests and for methods that use others. A call passes
   * all that a call from the network passes: authentication, middleware, the schema, limits and streams. Its values arrive as they
   * would there. Without options, it is the same peer each time, without credentials. Close another one when it is not used any
   * longer, or declare it with `using`; the kite closes all of them with itself.
   *
   * @example
   *     await kite.local({ as: { username: 'bob', claims: { role: 'admin' } } }).tell('square', 4); // 16
   *
   * @throws KiteError `disconnect` with the code `closed` if the kite was closed
   */
  local<Remote = Methods>(options?: LocalOptions): Peer<Remote, ConnectionEvents> {
    if (this.#isClosed) throw codedError('disconnect', 'closed', 'The kite was closed');
    if (options) return connectLocally(this.#core, options) as unknown as Peer<Remote, ConnectionEvents>;
    if (!this.#local || this.#local.hasEnded) this.#local = connectLocally(this.#core, {});
    return this.#local as unknown as Peer<Remote, ConnectionEvents>;
  }

  /**
   * Serves a channel that a peer has opened. `username` is the user of the peer if the channel itself has authenticated it;
   * otherwise the peer authenticates with each call.
   *
   * @throws TypeError if `username` is empty
   */
  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    if (username === '') throw new TypeError('The user of a channel is empty');
    return this.#core.accept(channel, username === undefined ? undefined : { username, claims: NO_CLAIMS });
  }

  /** @internal Closes the connections that have used revoked credentials. `last`: those that may finish their calls. */
  endRevoked(last?: ReadonlySet<unknown>): void {
    this.#verifier.endRevoked(this.#core.accepted, last);
  }

  /** Number of peers that have a connection to this kite. */
  get connectionCount(): number {
    return this.#core.accepted.size;
  }

  // HTTP server

  /** URL of this kite while it listens, such as `http://127.0.0.1:3636/kite`. */
  get url(): string | undefined {
    return this.#server.url;
  }

  /** Port of this kite while it listens. */
  get port(): number | undefined {
    return this.#server.port;
  }

  /** Whether the kite listens on a loopback address only. False until it listens. */
  get listensAtLoopback(): boolean {
    return this.#server.listensAtLoopback;
  }

  /**
   * Opens the configured port. Resolves when the kite accepts connections.
   *
   * Rejects with a ConfigurationError that explains why the port cannot be opened: its `code` is `portInUse`, `portDenied` or
   * `noAddress`, and its `hint` is what to do. Other errors of the system reject with a KiteError with their code.
   */
  listen(): Promise<void> {
    return this.#server.listen();
  }

  /**
   * Serves the kite on an HTTP server of the program, before the request listeners that the server already has. The program
   * opens and closes the server; `close` ends only the connections of the kite.
   *
   * @example
   *     const server = http.createServer(app);
   *     kite.mount(server);
   *     server.listen(8080);
   */
  mount(server: HttpServer): this {
    this.#server.mount(server);
    return this;
  }

  /**
   * Handles an HTTP request if its path belongs to the kite. Returns false otherwise, and leaves the request alone. Unlike
   * `mount`, it does not know whether the server listens on loopback only, so it accepts any host name unless
   * `allowedHosts` is set.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#server.handleRequest(request, response);
  }

  /**
   * Handles plain HTTP requests. A path such as `/healthz` matches exactly; one that ends with a slash, such as `/files/`,
   * matches everything below it. Requests from pages of other origins are rejected unless `anyOrigin` is set.
   *
   * @example
   *     kite.handleHttp('/healthz', (_request, response) => void response.end('ok\n'));
   *
   * @throws TypeError if the path does not begin with a slash
   */
  handleHttp(path: string, handler: HttpHandler, options: HttpRouteOptions = {}): this {
    this.#server.handleHttp(path, handler, options);
    return this;
  }

  /** Like `handleHttp`, for requests to upgrade the connection: by path, with a check of their origin. */
  handleUpgrade(path: string, handler: UpgradeHandler, options: HttpRouteOptions = {}): this {
    this.#server.handleUpgrade(path, handler, options);
    return this;
  }

  /**
   * Serves `https:` and `wss:` instead of `http:` and `ws:`. Call it before `listen`; call it again to replace the
   * certificate for new connections. Throws if the key does not match the certificate, or if the kite already listens
   * without TLS; the previous certificate then stays in use.
   */
  useTls(tls: TlsOptions): this {
    this.#server.useTls(tls);
    return this;
  }

  /**
   * Returns the address of the caller of an HTTP request, such as `203.0.113.7:50412`. Behind one of the `trustedProxies`, it is
   * the address that the proxy names.
   */
  addressOf(request: IncomingMessage): string {
    return this.#server.addressOf(request);
  }

  /**
   * Accepts requests for the host name of this URL. Registration with Kontrol or a proxy calls it for the registered URL.
   */
  knownAs(url: string): this {
    this.#server.knownAs(url);
    return this;
  }

  // Kontrol

  /**
   * Returns the URL for other machines: `url`, or, if the kite listens on all addresses, the URL with the local address from
   * which Kontrol is reached. Rejects with a ConfigurationError (`noUrl`) if the kite does not listen.
   */
  registerUrl(): Promise<string> {
    return this.#server.registerUrl();
  }

  /**
   * Registers with Kontrol once. The registration ends with the connection to Kontrol. Rejects with the error of Kontrol.
   */
  register(options?: RegisterOptions): Promise<{ readonly url: string }> {
    return this.#kontrol.register(options);
  }

  /**
   * Registers with Kontrol and maintains the registration: the kite registers again after each disconnect, with the next
   * Kontrol if one is not available. Resolves when the kite is registered for the first time. Until then, each failure is
   * logged, emitted as `registerFailed`, and followed by another attempt.
   *
   * Rejects if the kite closes first (`disconnect`, code `closed`), and with the error of Kontrol if another attempt cannot
   * succeed (`authenticationError`, `argumentError`). If Kontrol rejects a kite that was registered before, for example
   * because its key was revoked, the kite logs an error and tries again once per minute.
   *
   * @example
   *     await kite.listen();
   *     const registration = await kite.registerForever();
   */
  registerForever(options?: RegisterOptions): Promise<Registration> {
    return this.#kontrol.registerForever(options);
  }

  /** Registers like `registerForever`, but with plain HTTP requests instead of a permanent connection. */
  registerHttp(options?: RegisterOptions): Promise<Registration> {
    return this.#kontrol.registerHttp(options);
  }

  /**
   * Returns the kites that match a query, in random order, each with a token to call it. The list is empty if none match.
   *
   * @example
   *     const [math] = await kite.getKites({ username: 'bob', environment: 'prod', name: 'math' });
   *     const client = math.client();
   */
  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#kontrol.getKites(query, options);
  }

  /**
   * Watches the kites that match a query. Resolves with the watch, which has the kites that are registered now; `listener`
   * is called for each later change. The watch continues after a disconnect, and first reports the changes that it missed.
   *
   * @example
   *     const watch = await kite.watchKites(query, ({ action, kite: { url } }) => console.log(action, url));
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#kontrol.watchKites(query, listener);
  }

  /**
   * Returns a client of many kites: of those that match a query, such as `/bob/prod/math/>= 1.2`, now and later, or of those at
   * some URLs. Each call goes to one of them, and waits, within bounds, until one is ready. It is closed together with this kite.
   *
   * @example
   *     const math = kite.service<Math>('/bob/prod/math/>= 1.2', { idempotent: ['square'] });
   *     await math.tell('square', 4); // 16
   *
   * @throws QueryError or ConfigurationError that says what is invalid; the latter has the code `noKontrol` for a query without
   * a Kontrol
   */
  service<Remote = AnyMethods>(
    target: ServiceTarget,
    options?: ServiceOptions<NoInfer<MethodName<Remote>>>,
  ): Service<Remote> {
    if (options?.client) requireAccess(options.client);
    return this.#services.create<Remote>(target, options, this.#kontrol.hasUrls ? this.#kontrol : undefined);
  }

  /**
   * Returns a token for the only kite that matches a query. With `force`, Kontrol issues a new token even if it has a valid
   * one cached. Rejects with a KiteError if no kite or several kites match, or if the policy does not allow the call.
   */
  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#kontrol.getToken(query, options);
  }

  /** Returns the public key of Kontrol that this kite should trust, in PEM. Rejects if Kontrol is unreachable. */
  getKey(): Promise<string> {
    return this.#kontrol.getKey();
  }

  // Proxies

  /**
   * Registers with a reverse proxy, which forwards requests to this kite, and, if a Kontrol is configured, with Kontrol under
   * the public URL. If the proxy is lost, the kite registers with another one. Resolves when it is registered with both;
   * until then, failures are logged and followed by another attempt. Rejects with a ConfigurationError (`noProxy`) if
   * neither a proxy nor a Kontrol is configured.
   *
   * @example
   *     await kite.listen();
   *     const { url } = await kite.registerToProxy();
   */
  registerToProxy(options?: RegisterToProxyOptions): Promise<ProxyRegistration> {
    return this.#proxies.registerToProxy(options);
  }

  /**
   * Registers with a tunnel proxy, and with Kontrol as `registerToProxy` does. The kite does not have to listen: it opens a
   * connection to the proxy for each caller. Callers authenticate as on direct connections.
   *
   * @example
   *     const { url } = await kite.registerToTunnel();
   */
  registerToTunnel(options?: RegisterToTunnelOptions): Promise<ProxyRegistration> {
    return this.#proxies.registerToTunnel(options);
  }

  // Shutdown

  /**
   * Adds work that `close` starts when the kite takes no more calls. `close` waits for it as for running calls, for at most
   * `drainTimeout`. What the work throws is logged.
   */
  beforeClose(work: () => unknown): this {
    this.#beforeClose.push(work);
    return this;
  }

  /**
   * Closes the kite gracefully. It deregisters, and is not ready any more; serves its callers for `lameDuck`; then takes no new
   * calls and connections, and tells its peers; finishes the calls and HTTP requests that run, for at most `drainTimeout`; closes
   * the connections, its clients and its port. Resolves when everything is closed; peers have a second to answer the close frames
   * of clients. Further calls return the same promise.
   *
   * @example
   *     process.once('SIGTERM', () => void kite.close({ lameDuck: '5s' }));
   *
   * @throws ConfigurationError `badValue` if `lameDuck` or `drainTimeout` is not a duration
   */
  close(options: CloseOptions = {}): Promise<void> {
    if (this.#closing) return this.#closing;
    const lameDuck = readLameDuck(options.lameDuck);
    requireDrainTimeout(options.drainTimeout);
    this.#ending.abort();
    this.#closing = this.#close(lameDuck, options.drainTimeout ?? 10_000);
    return this.#closing;
  }

  /**
   * Serves `/healthz`, which is 200 while the process runs, and `/readyz`, which is 503 from the begin of `close` on. Requests from
   * pages of other origins are rejected.
   *
   * @example
   *     kite.health({ ready: () => database.isConnected });
   *
   * @throws TypeError if `ready` is not a function
   */
  health(options: HealthOptions = {}): this {
    const parts = { closing: this.#ending.signal, clock: this.#clock, logger: this.#logger };
    const routes = healthRoutes({ ...options, ...parts });
    for (const [path, handler] of Object.entries(routes)) this.handleHttp(path, handler);
    return this;
  }

  /**
   * Runs the kite as a program: listens, closes gracefully on SIGINT, SIGTERM and SIGQUIT, and toggles debug logging on SIGUSR2.
   * SIGHUP closes it if the process has a terminal, which was closed; otherwise it ends debug logging. Resolves when the kite is
   * closed. A second signal ends the process immediately. The options are those of `close`.
   *
   * @example
   *     await kite.run({ lameDuck: '5s' });
   *
   * @throws ConfigurationError `badValue` if `lameDuck` or `drainTimeout` is not a duration
   */
  async run(options: CloseOptions = {}): Promise<void> {
    readLameDuck(options.lameDuck);
    requireDrainTimeout(options.drainTimeout);
    await runUntilSignal(this, this.#logger, () => this.close(options));
  }

  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(lameDuck: number, drainTimeout: number): Promise<void> {
    this.#kontrol.retire();
    if (this.#kontrol.registers) await this.#kontrol.deregister();
    if (lameDuck > 0) await delay(this.#clock, lameDuck);
    this.#server.refuseSessions();
    this.#core.drain();
    const ends = [
      closeAnswered(this.#core.accepted, this.#core.dialedCalls),
      this.#server.requestsAnswered(),
      ...this.#beforeClose.map((work) => this.#run(work)),
    ];
    const onTimeout = (): Error => new Error('Calls still run');
    const drained = Promise.all(ends);
    await withDeadline(drained, { clock: this.#clock, ms: drainTimeout, onTimeout }).catch(() => undefined);
    await this.#server.closeSessions();
    // Those that are not sessions of the server, such as those within the process.
    for (const connection of this.#core.accepted) connection.close();
    this.#isClosed = true;
    this.#proxies.close();
    this.#services.close();
    this.#kontrol.close();
    this.#core.closeClients();
    this.#server.close();
    await this.#dialed.closed(systemClock, CLOSING_TIMEOUT);
  }

  /** Runs a part of closing. Never rejects: the other parts follow. */
  async #run(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.error(`Work before the end of ${this.identity.name} failed: ${stackOf(error)}`);
    }
  }
}
