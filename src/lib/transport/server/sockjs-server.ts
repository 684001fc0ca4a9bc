import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Channel } from '../channel/channel.js';
import type { CloseStatus } from '../channel/close-code.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { ChannelLimits, ServerLimits } from '../limits/transport-limits.js';
import { maxFrameBytes } from '../sockjs/frame-limit.js';
import { requestedExtensions, withoutBinary } from '../sockjs/hop-extensions.js';
import { ServerFramedChannel } from '../websocket/framed-channel.js';
import { RawChannel } from '../websocket/raw-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import { makeBudgets, type MemoryBudgets } from '../channel/memory-budget.js';
import { formatAddress } from '../channel/remote-address.js';
import { ServerHeartbeat } from './server-heartbeat.js';
import { HttpSession } from './http-session.js';
import { ORIGIN_REFUSED, OriginPolicy } from './origin-policy.js';
import { IframePage, type SockJsClientScript } from './iframe-page.js';
import { respondGreeting, respondInfo } from './info-routes.js';
import { makeSessionResponse } from './session-responses.js';
import { respond, respondOptions, respondText, sessionCookie } from './respond.js';
import {
  normalizePrefixes,
  pathAfterPrefix,
  type Route,
  parseRoute,
  allowedMethods,
} from './session-route.js';
import type { TrustedProxies } from './trusted-proxies.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

export interface SockJsServerOptions {
  /** Paths under which to serve sessions, such as `/kite`. */
  readonly prefixes: readonly string[];
  readonly limits: ChannelLimits & ServerLimits;
  readonly clock: Clock;
  /** The budgets that the sessions share with other connections. Default: budgets of this server. */
  readonly budgets?: MemoryBudgets;
  /** Interval between the heartbeats of a session, in milliseconds. Default: 10,000. */
  readonly heartbeatInterval?: number;
  /** Whether to set a JSESSIONID cookie, which load balancers use to route a session to one server. Default: false. */
  readonly cookie?: boolean;
  /**
   * Origins of pages that may connect, in addition to the origin of the server and loopback origins, such as
   * `https://app.example.com`; `*` allows any page. Default: none.
   */
  readonly allowOrigin?: readonly string[] | '*';
  /** Finds the clients of requests that have passed through proxies. Default: the client is the other end of the connection. */
  readonly proxies?: TrustedProxies | undefined;
  /** Gets one warning for each session whose peer violates the protocol or exceeds a limit. Default: nothing is logged. */
  readonly logger?: Pick<Logger, 'warn'>;
  /** The script of the iframe page. Default: there is no iframe page. */
  readonly sockjsClient?: SockJsClientScript | undefined;
  /** Returns why a session is refused, or undefined to accept it. Default: all sessions are accepted. */
  admit?(request: IncomingMessage, target: SessionTarget): Refusal | undefined;
  /**
   * Called when a session has opened, before it delivers anything. `request` is the request that opened it; its URL includes
   * the query.
   */
  onSession(channel: Channel, request: IncomingMessage, target: SessionTarget): void;
}

/** The session that a request belongs to. */
export interface SessionTarget {
  /** Path of the request, beginning with one of the prefixes. A query is ignored. */
  readonly path: string;
  /** Separates sessions with the same id: a request reaches sessions of its own scope only. */
  readonly scope: string;
}

/** The response that refuses a session. */
export interface Refusal {
  readonly status: number;
  /** The body, a sentence. */
  readonly text: string;
}

type ServerSession = HttpSession | ServerFramedChannel | RawChannel;
type SessionRoute = Extract<Route, { type: 'session' }>;

/**
 * A SockJS 0.3 server. Does not own the HTTP server: the owner passes it requests and upgrades. It ignores those that are not
 * under one of its prefixes. It never throws because of data that a peer sends.
 */
export class SockJsServer implements ChannelOwner {
  readonly #options: SockJsServerOptions;
  readonly #prefixes: readonly string[];
  readonly #origins: OriginPolicy;
  readonly #iframePage: IframePage | undefined;
  readonly #webSockets: WebSocketServer;
  readonly #sessions: ServerHeartbeat<ServerSession>;
  readonly #httpSessions = new Map<string, HttpSession>();
  readonly #budgets: MemoryBudgets;
  #refuses = false;
  #closing: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: SockJsServerOptions) {
    const { limits, clock, heartbeatInterval = 10_000 } = options;
    this.#options = options;
    this.#prefixes = normalizePrefixes(options.prefixes);
    this.#origins = new OriginPolicy(options.allowOrigin ?? []);
    this.#iframePage = options.sockjsClient && new IframePage(options.sockjsClient);
    this.#sessions = new ServerHeartbeat(clock, heartbeatInterval, limits.idleTimeout);
    this.#budgets = options.budgets ?? makeBudgets(limits);
    this.#webSockets = new WebSocketServer(webSocketOptions(maxFrameBytes(limits.messageBytes)));
  }

  /** Number of sessions, including those over HTTP that ended less than `disconnectDelay` ago. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Whether the path of a URL is under one of the prefixes. */
  serves(url: string): boolean {
    return pathAfterPrefix(this.#prefixes, url) !== undefined;
  }

  /**
   * Handles a request. Returns false if its path is not under one of the prefixes. `target` defaults to the URL of the
   * request, without a scope.
   */
  handleRequest(req: IncomingMessage, res: ServerResponse, target: SessionTarget = targetOf(req)): boolean {
    const path = pathAfterPrefix(this.#prefixes, target.path);
    if (path === undefined) return false;
    // The sessions handle 'close' if the client disconnects.
    req.on('error', ignore);
    res.on('error', ignore);
    if (this.#origins.allows(req)) this.#handleRoute(req, res, parseRoute(path), target);
    else respondText(res, 403, {}, ORIGIN_REFUSED);
    return true;
  }

  /** Handles an upgrade request. Returns false if its path is not under one of the prefixes. */
  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: SessionTarget = targetOf(req),
  ): boolean {
    const path = pathAfterPrefix(this.#prefixes, target.path);
    if (path === undefined) return false;
    const route = parseRoute(path);
    const raw = route.type === 'raw';
    if (!raw && !(route.type === 'session' && route.transport === 'websocket')) {
      refuseUpgrade(socket, 404, 'There is no WebSocket at this path.\n');
    } else if (req.method !== 'GET') {
      refuseUpgrade(socket, 405, '', ['Allow: GET']);
    } else if (!this.#origins.allows(req)) {
      refuseUpgrade(socket, 403, ORIGIN_REFUSED);
    } else {
      const refusal = this.#refusal(req, target);
      if (refusal) refuseUpgrade(socket, refusal.status, refusal.text);
      else this.#upgrade(req, socket as Socket, head, raw, target);
    }
    return true;
  }

  /** Refuses new sessions from now on. */
  refuse(): void {
    this.#refuses = true;
  }

  /**
   * Closes all sessions, and refuses new ones. Resolves when all sessions have ended. A session whose client does not respond to
   * the close frame, or does not fetch it, is dropped after a few seconds.
   */
  close(): Promise<void> {
    this.#refuses = true;
    this.#closing ??= new Promise((resolve) => {
      this.#onEmpty = resolve;
      for (const session of this.#sessions) {
        if (session instanceof HttpSession) session.leave();
        else session.close();
      }
      this.#resolveIfEmpty();
    });
    return this.#closing;
  }

  /** Removes a session that has ended. */
  channelEnded(session: Channel): void {
    this.#sessions.delete(session as ServerSession);
    if (session instanceof HttpSession) this.#httpSessions.delete(session.id);
    this.#resolveIfEmpty();
  }

  /** Logs the violation of a session. */
  channelRefused(channel: Channel, { code, reason }: CloseStatus, bytes?: number): void {
    const size = bytes === undefined ? '' : `, in a frame of ${bytes} bytes`;
    this.#options.logger?.warn(`${channel.remoteAddress}: ${reason}${size}; closing with ${code}`);
  }

  #resolveIfEmpty(): void {
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  /** Returns why a new session is refused, or undefined to accept it. */
  #refusal(req: IncomingMessage, target: SessionTarget): Refusal | undefined {
    const full = this.#refuses || this.#sessions.size >= this.#options.limits.sessions;
    return full ? SERVER_FULL : this.#options.admit?.(req, target);
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer, raw: boolean, target: SessionTarget): void {
    // The response to the handshake and the open frame are sent in one packet.
    socket.cork();
    process.nextTick(uncork, socket);
    this.#webSockets.handleUpgrade(req, socket, head, (ws: WebSocket) => {
      const { limits, proxies } = this.#options;
      const extensions = requestedExtensions(req.url ?? '');
      const session = raw
        ? new RawChannel(ws, socket, limits, this, 'none', this.#budgets)
        : new ServerFramedChannel(ws, socket, limits, this, this.#budgets, extensions);
      if (session instanceof RawChannel) session.open(extensions);
      if (proxies) session.setRemoteAddress(proxies.addressOf(req));
      this.#sessions.add(session);
      this.#options.onSession(session, req, target);
    });
  }

  #handleRoute(req: IncomingMessage, res: ServerResponse, route: Route, target: SessionTarget): void {
    const cors = this.#origins.corsHeaders(req);
    const methods = allowedMethods(route);
    if (methods === undefined) {
      respondText(res, 404, cors, 'Not found.\n');
    } else if (req.method === 'OPTIONS' && methods.includes('OPTIONS')) {
      respondOptions(req, res, cors, methods.join(', '), this.#options.clock.now());
    } else if (!methods.includes(req.method === 'HEAD' ? 'GET' : (req.method ?? ''))) {
      respond(res, 405, { ...cors, allow: methods.join(', ') }, '');
    } else if (route.type === 'session') {
      this.#handleSession(req, res, cors, route, target);
    } else {
      this.#handlePage(req, res, cors, route.type, target);
    }
  }

  #handlePage(
    req: IncomingMessage,
    res: ServerResponse,
    cors: OutgoingHttpHeaders,
    page: Exclude<Route['type'], 'session'>,
    target: SessionTarget,
  ): void {
    const refusal = page === 'info' ? this.#options.admit?.(req, target) : undefined;
    if (refusal) {
      respondText(res, refusal.status, cors, refusal.text);
      return;
    }
    switch (page) {
      case 'greeting':
        respondGreeting(res, cors);
        break;
      case 'info':
        respondInfo(res, cors, this.#options.cookie ?? false);
        break;
      case 'iframe':
        if (this.#iframePage)
          this.#iframePage.respond(req, res, this.#origins.framePolicy(), this.#options.clock.now());
        else respondText(res, 404, cors, NO_IFRAME_PAGE);
        break;
      case 'raw':
      case 'unknown':
        respondText(res, 400, cors, NOT_A_WEBSOCKET);
        break;
    }
  }

  #handleSession(
    req: IncomingMessage,
    res: ServerResponse,
    cors: OutgoingHttpHeaders,
    { id, transport }: SessionRoute,
    target: SessionTarget,
  ): void {
    const headers = this.#options.cookie ? { ...cors, ...sessionCookie(req) } : cors;
    const key = `${target.scope}/${id}`;
    const session = this.#httpSessions.get(key);
    switch (transport) {
      case 'websocket':
        respondText(res, 400, cors, NOT_A_WEBSOCKET);
        break;
      case 'xhr_send':
        if (session) session.uploads.add({ req, res, headers });
        else respondText(res, 404, cors, 'This session has ended or was never opened.\n');
        break;
      case 'xhr':
      case 'xhr_streaming':
      case 'eventsource': {
        const refusal = session ? undefined : this.#refusal(req, target);
        if (refusal) respondText(res, refusal.status, cors, refusal.text);
        else (session ?? this.#open(key, req, target)).attach(makeSessionResponse(transport, res, headers));
        break;
      }
    }
  }

  #open(id: string, req: IncomingMessage, target: SessionTarget): HttpSession {
    const { limits, clock, proxies } = this.#options;
    const remoteAddress = proxies?.addressOf(req) ?? formatAddress(req.socket);
    const session = new HttpSession({
      id,
      remoteAddress,
      limits,
      clock,
      owner: this,
      budgets: this.#budgets,
      extensions: withoutBinary(requestedExtensions(req.url ?? '')),
    });
    this.#httpSessions.set(id, session);
    this.#sessions.add(session);
    this.#options.onSession(session, req, target);
    return session;
  }
}

function targetOf({ url = '' }: IncomingMessage): SessionTarget {
  return { path: url, scope: '' };
}

const SERVER_FULL: Refusal = {
  status: 503,
  text: 'The server has reached its limit of sessions, or is closing.\n',
};
const NOT_A_WEBSOCKET = 'Not a valid websocket request\n';
const NO_IFRAME_PAGE = 'There is no iframe page: the option sockjsClient is not set\n';

function webSocketOptions(maxPayload: number): ServerOptions & { closeTimeout: number } {
  return {
    noServer: true,
    // SockJsServer tracks the sessions.
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    closeTimeout: CLOSE_GRACE,
  };
}

function uncork(socket: Socket): void {
  socket.uncork();
}

function ignore(): void {
  // The sessions handle 'close'.
}
