import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { KiteIdentity } from '../protocol/identity.js';
import type { KiteQuery } from '../protocol/query.js';
import type { Channel } from '../transport/channel/channel.js';
import type { Clock } from '../util/clock.js';
import { withDeadline } from '../util/deadline.js';
import type { Logger } from '../util/logger.js';
import type { Client, ClientOptions } from './call/client.js';
import type { ConnectionEvents } from './call/connection.js';
import type { AnyMethods, MethodArgs, MethodName, MethodResult } from './call/method-types.js';
import type { Peer } from './call/peer.js';
import { composeKite } from './compose-kite.js';
import type { Config } from './config/kite-config.js';
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
import type { FinalFunc, Handler, Method } from './serve/method.js';
import type { HandleOptions, KiteDescription } from './serve/method-host.js';
import { runUntilSignal } from './serve/run-until-signal.js';
import type { Verifier } from './trust/verifier.js';

/**
 * A kite: a named program whose methods others call, and that calls others.
 *
 *     const kite = new Kite('math', '1.0.0', { port: 3636 });
 *     kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
 *     await kite.listen();
 *
 * Lifecycle: methods, then `listen`, `mount` or neither (a kite that only calls), then `close`. The constructor throws a
 * ConfigurationError that names the option, variable or key file that is wrong.
 */
export class Kite<Methods = AnyMethods> {
  readonly identity: KiteIdentity;
  readonly config: Config;
  readonly #core: KiteCore;
  readonly #server: KiteServer;
  readonly #kontrol: KontrolMember;
  readonly #proxies: ProxyMember;
  readonly #verifier: Verifier;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #beforeClose: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  constructor(name: string, version: string, options?: KiteOptions);
  /** @internal `replaced`: parts that this package replaces in its own kites. */
  constructor(name: string, version: string, options: KiteOptions, replaced: ReplacedParts);
  constructor(name: string, version: string, options: KiteOptions = {}, replaced: ReplacedParts = {}) {
    const parts = composeKite(name, version, options, replaced);
    this.identity = parts.core.identity;
    this.config = parts.config;
    this.#core = parts.core;
    this.#server = parts.server;
    this.#kontrol = parts.kontrol;
    this.#proxies = parts.proxies;
    this.#verifier = parts.verifier;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  // Events

  /** Calls `listener` at each event. Returns the function that removes it. */
  on<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.on(name, listener);
  }

  /** Calls `listener` at the next event only. Returns the function that removes it. */
  once<Name extends keyof KiteEvents>(name: Name, listener: (...args: KiteEvents[Name]) => void): () => void {
    return this.#core.once(name, listener);
  }

  // Methods

  /**
   * Gives the kite a method. The handler may be async; calls run side by side. A second handler for the same name replaces
   * the first. Returns the method, to chain `disableAuthentication()`, `throttle(…)` and the like.
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
    return this.#core.handle(name, optionsOrHandler, maybeHandler);
  }

  /** What this kite is and which methods it has. */
  describe(): KiteDescription {
    return this.#core.describe();
  }

  /** Runs before every method, after the method's own. */
  preHandle(handler: Handler): this {
    this.#core.chain.pre.push(handler);
    return this;
  }

  /** Runs after every method, after the method's own. */
  postHandle(handler: Handler): this {
    this.#core.chain.post.push(handler);
    return this;
  }

  /** Runs at the end of every call, failed or not, after the method's own. */
  finalFunc(final: FinalFunc): this {
    this.#core.chain.final.push(final);
    return this;
  }

  /**
   * Teaches the kite another `authentication.type`: `check` gets the `key` of a call and returns the caller's username,
   * or throws.
   */
  authenticate(type: string, check: (key: string) => string): this {
    this.#verifier.addAuthType(type, check);
    return this;
  }

  // Connections

  /** A client of the kite at `url`, not connected yet. Closed with this kite. */
  newClient<Remote = AnyMethods>(url: string, options?: ClientOptions): Client<Remote> {
    return this.#core.newClient<Remote>(url, options);
  }

  /**
   * Takes over a channel that a peer has opened. `username`: whose it is, where the channel itself vouches for that; else
   * the peer authenticates with each call.
   */
  accept(channel: Channel, username?: string): Peer<AnyMethods, ConnectionEvents> {
    return this.#core.accept(channel, username);
  }

  /** The number of peers that are connected. */
  get connectionCount(): number {
    return this.#core.accepted.size;
  }

  // HTTP server

  /** Where the kite is reached while it listens, such as `http://127.0.0.1:3636/kite`. */
  get url(): string | undefined {
    return this.#server.url;
  }

  /** The port it listens on. */
  get port(): number | undefined {
    return this.#server.port;
  }

  /** Whether only this machine can connect to its port. False until it listens. */
  get listensAtLoopback(): boolean {
    return this.#server.listensAtLoopback;
  }

  /** Opens the port of the configuration and resolves when it accepts connections. Rejects with the reason it cannot. */
  listen(): Promise<void> {
    return this.#server.listen();
  }

  /**
   * Puts the kite on a server that the program already has, beside what it answers. The program opens and closes that
   * server; `close` ends the kite's own connections.
   */
  mount(server: HttpServer): this {
    this.#server.mount(server);
    return this;
  }

  /**
   * Answers a request whose path is one of the kite's. Returns false for any other, and does nothing. Where the server
   * listens at loopback only, `mount` checks more: the host name of the request.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#server.handleRequest(request, response);
  }

  /**
   * Answers plain HTTP: `/healthz` is that path alone, `/files/` everything below it. Requests of pages of other origins
   * are refused as they are everywhere else, unless `anyOrigin` says that this path is for everybody.
   */
  handleHttp(path: string, handler: HttpHandler, options: HttpRouteOptions = {}): this {
    this.#server.handleHttp(path, handler, options);
    return this;
  }

  /** Answers requests for an upgrade, by the same rules; those of the kite's own paths never come here. */
  handleUpgrade(path: string, handler: UpgradeHandler, options: HttpRouteOptions = {}): this {
    this.#server.handleUpgrade(path, handler, options);
    return this;
  }

  /**
   * Serves `https:` and `wss:`. To be called before `listen`, and again with a new certificate, which connections get from
   * then on. Throws where the key does not belong to the certificate, or where the kite listens without TLS; the old one
   * stays in use then.
   */
  useTls(tls: TlsOptions): this {
    this.#server.useTls(tls);
    return this;
  }

  /**
   * Others reach this kite under this URL too: requests for its host are answered. Registering a kite, at Kontrol or with a
   * proxy, does so for the URL of the registration.
   */
  knownAs(url: string): this {
    this.#server.knownAs(url);
    return this;
  }

  // Kontrol

  /**
   * Where others reach it: `url`, with the address of this machine on the way to Kontrol where it listens at all of them.
   * Rejects where it does not listen.
   */
  registerUrl(): Promise<string> {
    return this.#server.registerUrl();
  }

  /** Registers once, for as long as the connection lasts. Rejects with what Kontrol has against it. */
  register(options?: RegisterOptions): Promise<{ readonly url: string }> {
    return this.#kontrol.register(options);
  }

  /**
   * Registers and stays registered: again after each disconnect, at the next Kontrol when one is gone. Resolves when it is
   * registered; until then failures are logged, emitted as `registerFailed`, and followed by another attempt.
   *
   * Rejects when the kite closes before (`disconnect`, code `closed`), and with the error of Kontrol where asking again
   * does not help: `authenticationError`, `argumentError`. A kite that was registered and is refused later (because its key
   * was revoked, say) logs an error and asks once a minute.
   */
  registerForever(options?: RegisterOptions): Promise<Registration> {
    return this.#kontrol.registerForever(options);
  }

  /** `registerForever` over plain HTTP requests, without a connection that stays. */
  registerHttp(options?: RegisterOptions): Promise<Registration> {
    return this.#kontrol.registerHttp(options);
  }

  /** The kites that match a query, in random order, each with a token to call it. An empty list if there are none. */
  getKites(query: KiteQuery, options?: GetKitesOptions): Promise<RemoteKite[]> {
    return this.#kontrol.getKites(query, options);
  }

  /**
   * The kites that match a query, and from then on each that registers or deregisters. After a disconnect the watch
   * continues with what has changed meanwhile, so that nothing is missed.
   */
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch> {
    return this.#kontrol.watchKites(query, listener);
  }

  /** A token for the one kite that matches the query. `force`: a new one, even if Kontrol has a valid one cached. */
  getToken(query: KiteQuery, options?: { readonly force?: boolean }): Promise<string> {
    return this.#kontrol.getToken(query, options);
  }

  /** The public key of Kontrol that this kite should trust now, PEM. */
  getKey(): Promise<string> {
    return this.#kontrol.getKey();
  }

  // Proxies

  /**
   * Has a reverse proxy forward to this kite, and registers it at Kontrol, if it knows one, under the URL that it has
   * there. Moves to another proxy when that one is gone. Resolves when it is registered at both; until then failures are
   * logged and followed by another attempt. Rejects where there is no proxy and no Kontrol to ask for one.
   */
  registerToProxy(options?: RegisterToProxyOptions): Promise<ProxyRegistration> {
    return this.#proxies.registerToProxy(options);
  }

  /**
   * Has a tunnel proxy pass callers on to this kite, which need not listen, and registers it at Kontrol as
   * `registerToProxy` does. The proxy asks for a connection to itself for each caller; a caller that comes through it is
   * authenticated like any other.
   */
  registerToTunnel(options?: RegisterToTunnelOptions): Promise<ProxyRegistration> {
    return this.#proxies.registerToTunnel(options);
  }

  // End

  /** Has `close` call `work` when it begins, and wait for it as for running calls: at most `drainTimeout`. */
  beforeClose(work: () => Promise<unknown>): this {
    this.#beforeClose.push(work);
    return this;
  }

  /**
   * Ends the kite gracefully: accepts nothing new, refuses new calls, lets running ones finish, says goodbye to every
   * peer, and closes its clients. Resolves when everything is closed; calling it again returns the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainTimeout ?? 10_000);
    return this.#closing;
  }

  /**
   * What a program that is nothing but a kite calls: listens, closes gracefully on SIGINT and SIGTERM, switches debug
   * logging on and off on SIGUSR2. Resolves when the kite has closed; a second signal ends the process at once.
   */
  run(): Promise<void> {
    return runUntilSignal(this, this.#logger);
  }

  async #close(drainTimeout: number): Promise<void> {
    this.#kontrol.retire();
    this.#server.stopAccepting();
    this.#core.drain();
    const idle = Array.from(this.#core.accepted, (connection) =>
      connection.flow.whenIdle().then(() => connection.close(3000, 'Go away!')),
    );
    const works = this.#beforeClose.map((work) => work());
    const onTimeout = (): Error => new Error('Calls still run');
    const drained = Promise.allSettled([...idle, ...works]);
    await withDeadline(drained, { clock: this.#clock, ms: drainTimeout, onTimeout }).catch(() => undefined);
    await this.#server.closeSessions();
    this.#proxies.close();
    this.#kontrol.close();
    this.#core.closeClients();
    this.#server.close();
  }
}
