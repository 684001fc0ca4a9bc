import http, { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { guardListener } from '../../util/guard-listeners.js';
import type { FindProxy, ForwardProxy } from '../handshake/forward-proxy.js';
import type { DialTls } from '../handshake/node-dial-options.js';
import type { DialError } from '../handshake/dial-error.js';
import { dialHost, isSecure } from '../handshake/session-url.js';
import { isSocks, openTunnel } from './open-tunnel.js';
import { refusalError, unusableProxyError } from './proxy-error.js';
import { proxyAuthorization, proxyOrigin } from './proxy-request.js';
import { secureTunnel } from './secure-tunnel.js';

/** How HTTP requests reach a server. */
export interface ServerRoute {
  /** The proxy, if the route has one. */
  readonly proxy: ForwardProxy | undefined;
  /** Whether the proxy reads the requests, so that a response may be its own. */
  readonly isForwarded: boolean;
  readonly request: typeof http.request;
  /** Returns an agent. Its options for TLS are those of the server, not of the proxy. */
  newAgent(options: https.AgentOptions): http.Agent;
  /** Returns the options of a request for a path, which includes the query. */
  options(path: string): RouteOptions;
}

/** The options of a request that depend on its route. */
export interface RouteOptions {
  readonly hostname: string;
  readonly port: string;
  /** The host of a proxy that speaks TLS, for its certificate. */
  readonly servername?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Returns the route of requests to the server of a URL. A proxy that speaks HTTP forwards requests to http URLs; for https URLs,
 * and over SOCKS, the route is a tunnel.
 */
export function routeTo(target: URL, findProxy: FindProxy): ServerRoute {
  const proxy = findProxy(target);
  const secure = isSecure(target);
  if (proxy && !secure && !isSocks(proxy)) return forwardedRoute(target, proxy);
  const options = (path: string): RouteOptions => ({
    hostname: dialHost(target),
    port: target.port,
    path,
    headers: {},
  });
  const request = secure ? https.request : http.request;
  const Agent = secure ? https.Agent : http.Agent;
  return {
    proxy,
    isForwarded: false,
    request,
    newAgent: (own) => {
      if (!proxy) return new Agent(own);
      const tunnels = new TunnelOpener(target, proxy);
      return secure ? new SecureTunnelAgent(tunnels, own) : new TunnelAgent(tunnels, own);
    },
    options,
  };
}

/** What a request has besides its route. */
export interface RequestStart {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly signal: AbortSignal;
  /** For the server, not for the proxy. */
  readonly tls?: DialTls | undefined;
}

/** Starts a request over a route, with an agent that ends with it. `end` sends it. */
export function startRequest(
  url: URL,
  route: ServerRoute,
  { tls, headers, ...options }: RequestStart,
): ClientRequest {
  const { headers: ofRoute, ...ofServer } = route.options(url.pathname + url.search);
  const agent = route.newAgent({ ...tls, keepAlive: false });
  const request = route.request({ ...ofServer, ...options, agent, headers: { ...headers, ...ofRoute } });
  const onClose = guardListener(
    () => agent.destroy(),
    () => {},
  );
  request.on('close', onClose);
  return request;
}

/** The headers with which proxies mark their own responses: RFC 9209, and Squid. */
const PROXY_HEADERS = ['proxy-status', 'x-squid-error'] as const;

/** Returns the error for a response of the proxy itself. Returns undefined for a response of the server. */
export function proxyResponseError(
  target: URL,
  { proxy, isForwarded }: ServerRoute,
  { statusCode: status = 0, headers }: IncomingMessage,
): DialError | undefined {
  if (!proxy || !isForwarded || status < 400) return undefined;
  const isOwn = status === 407 || status === 502 || status === 504;
  if (!isOwn && PROXY_HEADERS.every((name) => headers[name] === undefined)) return undefined;
  return refusalError(proxy, target, { status, authenticate: headers['proxy-authenticate'] ?? '' });
}

/** Returns the error of a request that has failed without a response. */
export function requestError(target: URL, { proxy, isForwarded }: ServerRoute, error: Error): Error {
  return proxy && isForwarded ? unusableProxyError(proxy, target, error) : error;
}

/** The proxy gets requests with the whole URL. */
function forwardedRoute(target: URL, proxy: ForwardProxy): ServerRoute {
  const headers = { host: target.host, ...proxyAuthorization(proxy) };
  const secure = proxy.url.protocol === 'https:';
  return {
    proxy,
    isForwarded: true,
    request: secure ? https.request : http.request,
    // Some proxies close each connection after a response, and do not say so before.
    newAgent: () => (secure ? new https.Agent() : new http.Agent()),
    options: (path) => ({ ...proxyOrigin(proxy), path: `http://${target.host}${path}`, headers }),
  };
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Opens the connections of an agent. */
class TunnelOpener {
  readonly #opening = new AbortController();
  readonly #target: URL;
  readonly #proxy: ForwardProxy;

  constructor(target: URL, proxy: ForwardProxy) {
    this.#target = target;
    this.#proxy = proxy;
  }

  /** `secure` performs the TLS handshake with the server. */
  open(done: Connected, secure: (tunnel: Socket) => Duplex = (tunnel) => tunnel): void {
    const opened = openTunnel(this.#proxy, this.#target, this.#opening.signal).then(secure);
    opened.then(
      // oxlint-disable-next-line promise/no-callback-in-promise -- the agent expects a callback
      (socket) => done(null, socket),
      // oxlint-disable-next-line promise/no-callback-in-promise -- the agent expects a callback
      (error: unknown) => (done as (error: unknown) => void)(error),
    );
  }

  /** Cancels those that are being opened. */
  cancel(): void {
    this.#opening.abort();
  }
}

class TunnelAgent extends http.Agent {
  readonly #tunnels: TunnelOpener;

  constructor(tunnels: TunnelOpener, options: http.AgentOptions) {
    super(options);
    this.#tunnels = tunnels;
  }

  override createConnection(_options: object, done: Connected): undefined {
    this.#tunnels.open(done);
  }

  override destroy(): void {
    this.#tunnels.cancel();
    super.destroy();
  }
}

class SecureTunnelAgent extends https.Agent {
  readonly #tunnels: TunnelOpener;

  constructor(tunnels: TunnelOpener, options: https.AgentOptions) {
    super(options);
    this.#tunnels = tunnels;
  }

  override createConnection(options: tls.ConnectionOptions, done: Connected): undefined {
    this.#tunnels.open(done, (tunnel) => secureTunnel(tunnel, options));
  }

  override destroy(): void {
    this.#tunnels.cancel();
    super.destroy();
  }
}
