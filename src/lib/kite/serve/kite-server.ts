import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { ConfigurationError } from '../../protocol/errors.js';
import type { Channel } from '../../transport/channel/channel.js';
import { refuseUpgrade } from '../../transport/server/refuse-upgrade.js';
import { SockJsServer } from '../../transport/server/sockjs-server.js';
import type { Clock } from '../../util/clock.js';
import type { Limits } from '../limits/kite-limits.js';
import { isAnyAddress, urlHost } from '../../util/listen-address.js';
import type { Logger } from '../../util/logger.js';
import type { Config } from '../config/kite-config.js';
import { outboundAddress } from '../config/outbound-address.js';
import { RequestRouter, respondNotFound } from './request-router.js';
import { HttpListener, type TlsOptions } from './http-listener.js';
import type { HttpHandler, HttpRouteOptions, UpgradeHandler } from './http-routes.js';

export interface KiteServerOptions {
  /** The name of the kite, for messages. */
  readonly name: string;
  readonly config: Pick<Config, 'allowedHosts' | 'allowOrigin' | 'ip' | 'kontrolUrls' | 'port'>;
  /** Paths under which the kite is served. The first is part of its URL. */
  readonly prefixes: readonly [string, ...string[]];
  readonly cookie: boolean;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes over a session that a peer has opened. */
  readonly onSession: (channel: Channel) => void;
}

/**
 * How peers reach a kite in Node: the port that it opens, the servers of the program that it is mounted on, its SockJS
 * sessions, and the plain HTTP that it answers.
 *
 * Lifecycle: `listen`, `mount` or neither, then `stopAccepting`, `closeSessions`, `close`.
 */
export class KiteServer {
  readonly #options: KiteServerOptions;
  readonly #sockjs: SockJsServer;
  readonly #router: RequestRouter;
  #tls: TlsOptions | undefined;
  #listener: HttpListener | undefined;
  #url: string | undefined;

  constructor(options: KiteServerOptions) {
    const { prefixes, limits, clock, cookie, onSession, logger } = options;
    const { allowOrigin, allowedHosts } = options.config;
    this.#options = options;
    this.#sockjs = new SockJsServer({ prefixes, limits, clock, cookie, allowOrigin, onSession });
    this.#router = new RequestRouter({ sockjs: this.#sockjs, allowOrigin, allowedHosts, logger });
  }

  /** Where the kite is reached while it listens. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The port it listens on. */
  get port(): number | undefined {
    return this.#url === undefined ? undefined : Number(new URL(this.#url).port);
  }

  /** Whether only this machine can connect to its port. False until it listens. */
  get listensAtLoopback(): boolean {
    return this.#listener?.loopback ?? false;
  }

  /** The URL for other machines. Rejects where the kite does not listen. */
  async registerUrl(): Promise<string> {
    const { name, config, prefixes } = this.#options;
    if (this.#url === undefined) {
      const message = `${name} does not listen: register it with the url under which others reach it`;
      throw new ConfigurationError('noUrl', message);
    }
    if (!isAnyAddress(config.ip)) return this.#url;
    const url = new URL(this.#url);
    const address = await outboundAddress(new URL(config.kontrolUrls[0] ?? this.#url).hostname);
    return origin(url.protocol.slice(0, -1), address, Number(url.port)) + prefixes[0];
  }

  /** Answers requests for the host of this URL too. */
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

  /** Opens the port of the configuration and resolves when it accepts connections. */
  async listen(): Promise<void> {
    const { name, config, limits, prefixes } = this.#options;
    if (this.#listener) throw new Error(`${name} listens already`);
    const listener = new HttpListener(
      {
        request: (request, response) => {
          if (!this.#router.handleRequest(request, response, listener.loopback)) respondNotFound(response);
        },
        upgrade: (request, socket, head) => {
          if (!this.#router.handleUpgrade(request, socket, head, listener.loopback))
            refuseUpgrade(socket, 404, '');
        },
      },
      limits,
      this.#tls,
    );
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

  /** False: the path is not one of the kite's, and nothing was done. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#router.handleRequest(request, response, false);
  }

  stopAccepting(): void {
    this.#listener?.stopAccepting();
  }

  closeSessions(): Promise<void> {
    return this.#sockjs.close();
  }

  /** Ends what is still open. */
  close(): void {
    this.#listener?.closeAll();
    this.#url = undefined;
  }
}

function origin(scheme: string, ip: string, port: number): string {
  return `${scheme}://${urlHost(ip)}:${port}`;
}
