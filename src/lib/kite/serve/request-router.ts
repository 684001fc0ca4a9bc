import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ORIGIN_REFUSED, OriginPolicy } from '../../transport/server/origin-policy.js';
import { refuseUpgrade } from '../../transport/server/refuse-upgrade.js';
import { respondText } from '../../transport/server/respond.js';
import type { SockJsServer } from '../../transport/server/sockjs-server.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { messageOf, stackOf } from '../../util/message-of.js';
import type { Logger } from '../../util/logger.js';
import { HostPolicy } from './host-policy.js';
import { listensAtLoopback } from './http-listener.js';
import {
  type HttpHandler,
  type HttpRoute,
  type HttpRouteOptions,
  HttpRoutes,
  type UpgradeHandler,
} from './http-routes.js';
import { RefusalLog } from './refusal-log.js';
import type { VirtualHosts } from './virtual-hosts.js';

export interface RequestRouterOptions {
  readonly sockjs: SockJsServer;
  readonly virtualHosts?: VirtualHosts | undefined;
  /** Origins of pages that may connect, in addition to those of this server and of loopback. */
  readonly allowOrigin: readonly string[] | '*';
  /** Host names of the kite. */
  readonly allowedHosts: readonly string[] | '*' | undefined;
  readonly logger: Logger;
}

/** Checks Host and Origin of the HTTP requests of a kite, and routes them: to SockJS sessions, and to the program's handlers. */
export class RequestRouter {
  readonly #sockjs: SockJsServer;
  readonly #virtualHosts: VirtualHosts | undefined;
  readonly #routes = new HttpRoutes();
  readonly #upgrades = new HttpRoutes<UpgradeHandler>();
  readonly #origins: OriginPolicy;
  readonly #hosts: HostPolicy;
  readonly #refusals: RefusalLog;
  readonly #logger: Logger;
  /** Number of handlers of HTTP routes that run, or whose response has not ended. */
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor({ sockjs, virtualHosts, allowOrigin, allowedHosts, logger }: RequestRouterOptions) {
    this.#sockjs = sockjs;
    this.#virtualHosts = virtualHosts;
    this.#origins = new OriginPolicy(allowOrigin);
    this.#hosts = new HostPolicy(allowedHosts);
    this.#refusals = new RefusalLog(logger);
    this.#logger = logger;
  }

  addRoute(path: string, handler: HttpHandler, options: HttpRouteOptions): void {
    this.#routes.add(path, { ...options, handler });
  }

  addUpgradeRoute(path: string, handler: UpgradeHandler, options: HttpRouteOptions): void {
    this.#upgrades.add(path, { ...options, handler });
  }

  /** Accepts requests for the host of this URL. */
  addUrl(url: string): void {
    this.#hosts.addUrl(url);
  }

  /** Handles the requests of an HTTP server before the listeners that it already has. */
  mount(server: HttpServer): void {
    const listeners = server.listeners('request') as ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => void)[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (this.handleRequest(request, response, listensAtLoopback(server))) return;
      if (listeners.length === 0) respondNotFound(response);
      for (const listener of listeners) listener.call(server, request, response);
    });
    const isOnly = server.listenerCount('upgrade') === 0;
    server.on('upgrade', (request, socket, head) => {
      if (!this.handleUpgrade(request, socket, head, listensAtLoopback(server)) && isOnly)
        refuseUpgrade(socket, 404, '');
    });
  }

  /**
   * Handles a request if its path belongs to the kite. Returns false otherwise, and leaves the request alone. `atLoopback`:
   * whether the server listens on loopback only. Never throws.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse, atLoopback: boolean): boolean {
    try {
      return this.#handleRequest(request, response, atLoopback);
    } catch (error) {
      this.#logger.error(`A request failed: ${stackOf(error)}`);
      response.destroy();
      return true;
    }
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse, atLoopback: boolean): boolean {
    if (this.#virtualHosts?.serves(request)) {
      this.#virtualHosts.request(request, response);
      return true;
    }
    const { url = '/' } = request;
    const session = this.#sockjs.serves(url);
    const route = session ? undefined : this.#routes.find(url);
    if (!session && !route) return false;
    if (!this.#allowsHost(request, atLoopback)) respondText(response, 403, {}, HOST_REFUSED);
    else if (this.#allowsOrigin(request, route) && route) this.#run(route, request, response);
    // The SockJS server checks the origins of sessions.
    else if (!route) this.#sockjs.handleRequest(request, response);
    else respondText(response, 403, {}, ORIGIN_REFUSED);
    return true;
  }

  /** Handles an upgrade request in the same way. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, atLoopback: boolean): boolean {
    try {
      return this.#handleUpgrade(request, socket, head, atLoopback);
    } catch (error) {
      this.#logger.error(`An upgrade failed: ${stackOf(error)}`);
      socket.destroy();
      return true;
    }
  }

  #handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, atLoopback: boolean): boolean {
    const { url = '/' } = request;
    const virtual = this.#virtualHosts?.serves(request) === true;
    const session = !virtual && this.#sockjs.serves(url);
    const route = virtual || session ? undefined : this.#upgrades.find(url);
    if (!virtual && !session && !route) return false;
    // Node has removed its own listener. Without another one, a peer that resets the connection would end the process.
    socket.on('error', destroySocket);
    if (virtual) {
      this.#virtualHosts?.upgrade(request, socket, head);
      return true;
    }
    if (!this.#allowsHost(request, atLoopback)) refuseUpgrade(socket, 403, HOST_REFUSED);
    else if (this.#allowsOrigin(request, route) && route) this.#runUpgrade(route, request, socket, head);
    else if (!route) this.#sockjs.handleUpgrade(request, socket, head);
    else refuseUpgrade(socket, 403, ORIGIN_REFUSED);
    return true;
  }

  #allowsHost(request: IncomingMessage, atLoopback: boolean): boolean {
    const allowed = this.#hosts.allows(request, atLoopback);
    if (!allowed) this.#refusals.host(request);
    return allowed;
  }

  #allowsOrigin(request: IncomingMessage, route: HttpRouteOptions | undefined): boolean {
    const allowed = route?.anyOrigin === true || this.#origins.allows(request);
    if (!allowed) this.#refusals.origin(request);
    return allowed;
  }

  #runUpgrade(
    { handler }: HttpRoute<UpgradeHandler>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    try {
      handler(request, socket, head);
    } catch (error) {
      this.#logger.error(`The upgrade handler of ${request.url} failed: ${messageOf(error)}`);
      socket.destroy();
    }
  }

  /** Resolves when no handler of an HTTP route runs. */
  requestsAnswered(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#ended(0);
    });
  }

  #ended(count: number): void {
    this.#running -= count;
    if (this.#running === 0) this.#onIdle?.();
  }

  #run(route: HttpRoute, request: IncomingMessage, response: ServerResponse): void {
    this.#running++;
    // Also emitted if the client has left.
    response.once(
      'close',
      guardListeners(ignore)(() => this.#ended(1)),
    );
    this.#runHandler(route, request, response).catch((error: unknown) =>
      this.#logger.error(messageOf(error)),
    );
  }

  async #runHandler(
    { handler }: HttpRoute,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await handler(request, response);
    } catch (error) {
      this.#logger.error(`The HTTP handler of ${request.url} failed: ${messageOf(error)}`);
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('Internal Server Error\n');
    }
  }
}

function ignore(): void {
  // Counting does not throw.
}

// A function for each connection would take memory.
function destroySocket(this: Duplex): void {
  this.destroy();
}

const HOST_REFUSED =
  'This host name is not allowed. The operator of the kite can allow it: allowedHosts, KITE_ALLOWED_HOSTS, or --allow-host.\n';

export function respondNotFound(response: ServerResponse): void {
  respondText(response, 404, {}, 'Not Found\n');
}
