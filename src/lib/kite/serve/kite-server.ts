import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { codedError, ConfigurationError, KiteError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import type { MemoryBudgets } from '../../transport/channel/memory-budget.js';
import { refuseUpgrade } from '../../transport/server/refuse-upgrade.js';
import { isSockJsClientScript, type SockJsClientScript } from '../../transport/server/iframe-page.js';
import { TrustedProxies } from '../../transport/server/trusted-proxies.js';
import { formatAddress } from '../../transport/channel/remote-address.js';
import { SockJsServer } from '../../transport/server/sockjs-server.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import type { Clock } from '../../util/clock.js';
import type { Limits } from '../limits/kite-limits.js';
import { isAnyAddress, urlHost } from '../../util/listen-address.js';
import type { Logger } from '../../util/logger.js';
import { systemErrorReason } from '../../util/system-error.js';
import type { Config } from '../config/kite-config.js';
import { outboundAddress } from '../config/outbound-address.js';
import { RequestRouter, respondNotFound } from './request-router.js';
import { HttpListener, type TlsOptions } from './http-listener.js';
import type { HttpHandler, HttpRouteOptions, UpgradeHandler } from './http-routes.js';
import type { VirtualHosts } from './virtual-hosts.js';

export interface KiteServerOptions {
  /** Name of the kite, for messages. */
  readonly name: string;
  readonly config: Pick<
    Config,
    'allowedHosts' | 'allowOrigin' | 'ip' | 'kontrolUrls' | 'port' | 'trustedProxies'
  >;
  /** Paths under which the kite is served. The first is part of its URL. */
  readonly prefixes: readonly [string, ...string[]];
  readonly cookie: boolean;
  readonly sockjsClient: SockJsClientScript | undefined;
  readonly virtualHosts: VirtualHosts | undefined;
  /** Finds the proxy of connections to Kontrol. */
  readonly findProxy: FindProxy;
  /** Logged as a warning when the kite listens. */
  readonly listenNotes: readonly string[];
  readonly limits: Limits;
  readonly budgets: MemoryBudgets;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with each session that a peer has opened. */
  readonly onSession: (channel: Channel) => void;
}

/**
 * The HTTP side of a kite in Node: the port that it opens, the servers on which it is mounted, its SockJS sessions, and its
 * plain HTTP routes.
 *
 * Lifecycle: `listen`, `mount` or neither, then `refuseSessions`, `closeSessions`, `close`.
 */
export class KiteServer {
  readonly #options: KiteServerOptions;
  readonly #sockjs: SockJsServer;
  readonly #router: RequestRouter;
  readonly #proxies: TrustedProxies | undefined;
  #tls: TlsOptions | undefined;
  #listener: HttpListener | undefined;
  #url: string | undefined;
  #closing = false;

  constructor(options: KiteServerOptions) {
    const { prefixes, limits, budgets, clock, cookie, sockjsClient, onSession, logger } = options;
    const { allowOrigin, allowedHosts, trustedProxies } = options.config;
    this.#options = options;
    if (sockjsClient && !isSockJsClientScript(sockjsClient)) {
      const message = 'sockjsClient needs an https: URL, and its integrity, such as sha384-…';
      throw new ConfigurationError('badValue', message);
    }
    this.#proxies = trustedProxies.length > 0 ? new TrustedProxies(trustedProxies, logger) : undefined;
    this.#sockjs = new SockJsServer({
      prefixes,
      limits,
      budgets,
      clock,
      cookie,
      allowOrigin,
      proxies: this.#proxies,
      sockjsClient,
      logger,
      onSession,
    });
    this.#router = new RequestRouter({
      sockjs: this.#sockjs,
      virtualHosts: options.virtualHosts,
      allowOrigin,
      allowedHosts,
      logger,
    });
  }

  /** URL of the kite while it listens. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Port of the kite while it listens. */
  get port(): number | undefined {
    return this.#url === undefined ? undefined : Number(new URL(this.#url).port);
  }

  /** Whether the kite listens on loopback only. False until it listens. */
  get listensAtLoopback(): boolean {
    return this.#listener?.loopback ?? false;
  }

  /**
   * Returns the URL for other machines. Rejects with a ConfigurationError (`noUrl`) if the kite does not listen, and with a
   * KiteError if it listens on all addresses and the one from which Kontrol is reached cannot be found.
   */
  async registerUrl(): Promise<string> {
    const { name, config, prefixes, findProxy, logger } = this.#options;
    if (this.#url === undefined) {
      const message = `${name} does not listen: call listen() first, or register it with the option url`;
      throw new ConfigurationError('noUrl', message);
    }
    if (!isAnyAddress(config.ip)) return this.#url;
    const url = new URL(this.#url);
    const kontrol = new URL(config.kontrolUrls[0] ?? this.#url);
    const { hostname } = findProxy(kontrol)?.url ?? kontrol;
    const address = await outboundAddress(hostname).catch((cause: unknown) => {
      const reason = systemErrorReason(cause);
      const message = `The address under which others reach ${name} is unknown, because ${hostname === kontrol.hostname ? "Kontrol's host" : 'the proxy to Kontrol'} ${hostname} is not reachable: ${reason}. Set the URL yourself: with the option url, or for serve with --advertise or KITE_ADVERTISE_URL`;
      throw new KiteError('genericError', message, { cause });
    });
    if (config.ip === '0.0.0.0' && address.includes(':')) {
      logger.warn(
        `${name} registers ${address}, but listens on IPv4 addresses only (0.0.0.0), so others cannot reach it: listen on ::`,
      );
    }
    return origin(url.protocol.slice(0, -1), address, Number(url.port)) + prefixes[0];
  }

  /** Returns the address of the caller of an HTTP request, which trusted proxies may name. */
  addressOf(request: IncomingMessage): string {
    return this.#proxies?.addressOf(request) ?? formatAddress(request.socket);
  }

  /** Accepts requests for the host of this URL. */
  knownAs(url: string): void {
    this.#router.addUrl(url);
  }

  useTls(tls: TlsOptions): void {
    this.#listener?.renewTls(tls);
    this.#tls = tls;
  }

  handleHttp(path: string, handler: HttpHandler, options: HttpRouteOptions): void {
    this.#router.addRoute(path, handler, options);
  }

  handleUpgrade(path: string, handler: UpgradeHandler, options: HttpRouteOptions): void {
    this.#router.addUpgradeRoute(path, handler, options);
  }

  /** Opens the configured port. Resolves when the kite accepts connections. */
  async listen(): Promise<void> {
    const { name, config, limits, logger, prefixes } = this.#options;
    if (this.#closing) throw codedError('disconnect', 'closed', `${name} was closed: create a new kite`);
    if (this.#listener) throw new Error(`${name} already listens`);
    for (const note of this.#options.listenNotes) logger.warn(note);
    const listener = new HttpListener({
      receiver: {
        request: (request, response) => {
          if (!this.#router.handleRequest(request, response, listener.loopback)) respondNotFound(response);
        },
        upgrade: (request, socket, head) => {
          if (!this.#router.handleUpgrade(request, socket, head, listener.loopback))
            refuseUpgrade(socket, 404, '');
        },
      },
      limits,
      tls: this.#tls,
      logger,
    });
    this.#listener = listener;
    try {
      const { port } = await listener.listen(config.port, config.ip);
      this.#url = origin(this.#tls ? 'https' : 'http', config.ip, port) + prefixes[0];
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
  }

  mount(server: HttpServer): void {
    this.#router.mount(server);
  }

  /** Handles a request if its path belongs to the kite; otherwise returns false and leaves the request alone. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#router.handleRequest(request, response, false);
  }

  /** Accepts no new sessions. Those that are open, and HTTP routes, are served until `close`. */
  refuseSessions(): void {
    this.#closing = true;
    this.#sockjs.refuse();
  }

  /** Resolves when no handler of an HTTP route runs. */
  requestsAnswered(): Promise<void> {
    return this.#router.requestsAnswered();
  }

  closeSessions(): Promise<void> {
    return this.#sockjs.close();
  }

  /** Closes the remaining connections. */
  close(): void {
    this.#closing = true;
    this.#listener?.stopAccepting();
    this.#listener?.closeAll();
    this.#url = undefined;
  }
}

function origin(scheme: string, ip: string, port: number): string {
  return `${scheme}://${urlHost(ip)}:${port}`;
}
