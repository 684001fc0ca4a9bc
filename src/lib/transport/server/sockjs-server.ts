import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Channel } from '../channel/channel.js';
import type { Clock } from '../../util/clock.js';
import type { ChannelLimits, ServerLimits } from '../limits/transport-limits.js';
import { frameBytes } from '../sockjs/frame-limit.js';
import { ServerFramedChannel } from '../websocket/framed-channel.js';
import { RawChannel } from '../websocket/raw-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import { formatAddress } from '../channel/remote-address.js';
import { ServerHeartbeat } from './server-heartbeat.js';
import { HttpSession } from './http-session.js';
import { ORIGIN_REFUSED, OriginPolicy } from './origin-policy.js';
import { respondGreeting, respondIframe, respondInfo } from './info-routes.js';
import { makeSessionResponse } from './session-responses.js';
import { respond, respondOptions, respondText, sessionCookie } from './respond.js';
import { normalisePrefixes, pathBehindPrefix, type Route, routeOf, methodsOf } from './session-route.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

export interface SockJsServerOptions {
  /** Paths under which sessions are served, such as `/kite`. */
  readonly prefixes: readonly string[];
  readonly limits: ChannelLimits & ServerLimits;
  readonly clock: Clock;
  /** Milliseconds between the heartbeats of a session. Default 10,000. */
  readonly heartbeatInterval?: number;
  /** Sets a JSESSIONID cookie, by which balancers keep a session on one server. Default false. */
  readonly cookie?: boolean;
  /**
   * Origins of pages that may connect, beside those of the server itself and of this machine's loopback: as a browser
   * sends them, `https://app.example.com`; `*` = any page. Default none.
   */
  readonly allowOrigin?: readonly string[] | '*';
  /** Returns why a session cannot be opened now, or undefined if it can. Default: it can. */
  admit?(request: IncomingMessage, target: SessionTarget): Refusal | undefined;
  /**
   * A session has opened. `request` is the one that opened it; its URL carries the query. Called before anything of the
   * session is delivered.
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

/** What a client is answered in place of a session. */
export interface Refusal {
  readonly status: number;
  /** A sentence for people. */
  readonly text: string;
}

type ServerSession = HttpSession | ServerFramedChannel | RawChannel;
type SessionRoute = Extract<Route, { type: 'session' }>;

/**
 * Serves SockJS 0.3 on an HTTP server that it does not own: whoever does hands over requests and upgrades. What is not
 * under one of the prefixes is left alone. Nothing that a peer sends makes it throw.
 */
export class SockJsServer implements ChannelOwner {
  readonly #options: SockJsServerOptions;
  readonly #prefixes: readonly string[];
  readonly #origins: OriginPolicy;
  readonly #webSockets: WebSocketServer;
  readonly #sessions: ServerHeartbeat<ServerSession>;
  readonly #httpSessions = new Map<string, HttpSession>();
  #closing: Promise<void> | undefined;
  #allLeft: (() => void) | undefined;

  constructor(options: SockJsServerOptions) {
    const { limits, clock, heartbeatInterval = 10_000 } = options;
    this.#options = options;
    this.#prefixes = normalisePrefixes(options.prefixes);
    this.#origins = new OriginPolicy(options.allowOrigin ?? []);
    this.#sessions = new ServerHeartbeat(clock, heartbeatInterval, limits.idleTimeout);
    this.#webSockets = new WebSocketServer(webSocketOptions(frameBytes(limits.messageBytes)));
  }

  /** Sessions that have not ended, and those over HTTP that ended less than `disconnectDelay` ago. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Whether a URL's path is under one of the prefixes. */
  serves(url: string): boolean {
    return pathBehindPrefix(this.#prefixes, url) !== undefined;
  }

  /**
   * Answers a request if its path is under one of the prefixes; otherwise returns false and leaves it alone. `target`
   * defaults to the request's own URL, without a scope.
   */
  handleRequest(req: IncomingMessage, res: ServerResponse, target: SessionTarget = targetOf(req)): boolean {
    const path = pathBehindPrefix(this.#prefixes, target.path);
    if (path === undefined) return false;
    // A client that hangs up is noticed where it matters, by 'close'.
    req.on('error', ignore);
    res.on('error', ignore);
    if (this.#origins.allows(req)) this.#answer(req, res, routeOf(path), target);
    else respondText(res, 403, {}, ORIGIN_REFUSED);
    return true;
  }

  /** The same for a request to upgrade to WebSocket. */
  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: SessionTarget = targetOf(req),
  ): boolean {
    const path = pathBehindPrefix(this.#prefixes, target.path);
    if (path === undefined) return false;
    const route = routeOf(path);
    const raw = route.type === 'raw';
    if (!raw && !(route.type === 'session' && route.transport === 'websocket')) {
      refuseUpgrade(socket, 404, 'No WebSocket is served here.\n');
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

  /**
   * Says goodbye to all sessions, and lets no new ones in. Resolves when the last has ended: a WebSocket whose client
   * does not answer the goodbye is dropped after a few seconds.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#allLeft = resolve;
      for (const session of this.#sessions) {
        if (session instanceof HttpSession) session.abandon();
        else session.close();
      }
      this.#resolveIfEmpty();
    });
    return this.#closing;
  }

  /** A session has ended. */
  left(session: Channel): void {
    this.#sessions.delete(session as ServerSession);
    if (session instanceof HttpSession) this.#httpSessions.delete(session.id);
    this.#resolveIfEmpty();
  }

  #resolveIfEmpty(): void {
    if (this.#sessions.size === 0) this.#allLeft?.();
  }

  /** Why there is no new session. */
  #refusal(req: IncomingMessage, target: SessionTarget): Refusal | undefined {
    const full = this.#closing !== undefined || this.#sessions.size >= this.#options.limits.sessions;
    return full ? NO_ROOM : this.#options.admit?.(req, target);
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer, raw: boolean, target: SessionTarget): void {
    // The answer to the handshake and the open frame leave in one packet.
    socket.cork();
    process.nextTick(uncork, socket);
    this.#webSockets.handleUpgrade(req, socket, head, (ws: WebSocket) => {
      const { limits } = this.#options;
      const session = raw
        ? new RawChannel(ws, socket, limits, this, 'none')
        : new ServerFramedChannel(ws, socket, limits, this);
      this.#sessions.add(session);
      this.#options.onSession(session, req, target);
    });
  }

  #answer(req: IncomingMessage, res: ServerResponse, route: Route, target: SessionTarget): void {
    const cors = this.#origins.corsHeaders(req);
    const methods = methodsOf(route);
    if (methods === undefined) {
      respondText(res, 404, cors, 'Nothing is served here.\n');
    } else if (req.method === 'OPTIONS' && methods.includes('OPTIONS')) {
      respondOptions(req, res, cors, methods.join(', '), this.#options.clock.now());
    } else if (!methods.includes(req.method === 'HEAD' ? 'GET' : (req.method ?? ''))) {
      respond(res, 405, { ...cors, allow: methods.join(', ') }, '');
    } else if (route.type === 'session') {
      this.#answerSession(req, res, cors, route, target);
    } else {
      this.#answerPage(req, res, cors, route.type, target);
    }
  }

  #answerPage(
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
        respondIframe(req, res, this.#origins.framePolicy(), this.#options.clock.now());
        break;
      case 'raw':
      case 'unknown':
        respondText(res, 400, cors, NOT_A_WEBSOCKET);
        break;
    }
  }

  #answerSession(
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
    const { limits, clock } = this.#options;
    const remoteAddress = formatAddress(req.socket);
    const session = new HttpSession({ id, remoteAddress, limits, clock, owner: this });
    this.#httpSessions.set(id, session);
    this.#sessions.add(session);
    this.#options.onSession(session, req, target);
    return session;
  }
}

function targetOf({ url = '' }: IncomingMessage): SessionTarget {
  return { path: url, scope: '' };
}

const NO_ROOM: Refusal = { status: 503, text: 'The server takes no more sessions for now.\n' };
const NOT_A_WEBSOCKET = 'Not a valid websocket request\n';

function webSocketOptions(maxPayload: number): ServerOptions & { closeTimeout: number } {
  return {
    noServer: true,
    // The sessions are kept here, with their heartbeats.
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
  // Said where it is attached.
}
