import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { MemoryBudget } from '../../transport/channel/memory-budget.js';
import type { Clock } from '../../util/clock.js';
import type { ProxyEntry, ProxySession } from '../shared/proxy-table.js';
import { Backends, type BackendOptions } from './backends.js';
import { forwardRequest } from './forward-request.js';
import { forwardUpgrade } from './forward-upgrade.js';
import { hasSeveralHosts, isLoop, type ForwardingProxy, requestHeaders } from './forwarded-headers.js';
import { type RefusalType, refuse, refuseSocket } from './proxy-refusal.js';
import type { RequestRoute } from './request-routes.js';
import type { BackendUrl } from './backend-url.js';

export interface ForwarderOptions extends BackendOptions {
  readonly clock: Clock;
  /** The budget for the data that waits in open sessions. */
  readonly output: MemoryBudget;
  readonly proxy: () => ForwardingProxy;
  /** Returns the kite that a request is for. */
  readonly route: (request: IncomingMessage) => RequestRoute;
  /** Maximum number of open sessions. */
  readonly sessions: number;
  readonly onFailure: (type: RefusalType) => void;
}

/** A validated request, and the kite to forward it to. */
interface ForwardedRequest {
  readonly entry: ProxyEntry<BackendUrl>;
  /** Path and query to request from the kite. */
  readonly path: string;
  readonly proxy: ForwardingProxy;
}

/** Forwards requests to kites. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #backends: Backends;
  /** Functions that end the open sessions. */
  readonly #endSessions = new Set<() => void>();
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#backends = new Backends(options);
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    const forwarded = this.#route(request);
    if (typeof forwarded === 'string') {
      this.#options.onFailure(forwarded);
      refuse(response, forwarded);
      return;
    }
    const { entry, path, proxy } = forwarded;
    const headers = requestHeaders(request, proxy);
    const method = request.method ?? 'GET';
    const backend = this.#backends.open(entry.target, { method, path, headers, dedicated: false });
    const { session, onEnd } = this.#openSession(entry, () => response.destroy());
    forwardRequest(request, response, backend, { session, onEnd, onFailure: this.#options.onFailure });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const forwarded = isWebSocketUpgrade(request) ? this.#route(request) : 'badRequest';
    if (typeof forwarded === 'string') {
      this.#options.onFailure(forwarded);
      refuseSocket(socket, forwarded);
      return;
    }
    const { entry, path, proxy } = forwarded;
    const headers = { ...requestHeaders(request, proxy), connection: 'Upgrade', upgrade: 'websocket' };
    const backend = this.#backends.open(entry.target, { method: 'GET', path, headers, dedicated: true });
    const { session, onEnd } = this.#openSession(entry, () => socket.destroy());
    const { clock, output, onFailure } = this.#options;
    forwardUpgrade(socket as Socket, head, backend, { session, clock, output, onEnd, onFailure });
  }

  /** Refuses new requests. Resolves once all sessions have ended. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#endSessions.size === 0) resolve();
    });
  }

  /** Ends the open sessions and closes the connections to kites. */
  close(): void {
    this.#draining = true;
    for (const end of this.#endSessions) end();
    this.#backends.close();
  }

  #route(request: IncomingMessage): ForwardedRequest | RefusalType {
    const route = this.#options.route(request);
    if (route.type === 'refused') return route.reason;
    if (this.#draining) return 'ending';
    if (hasSeveralHosts(request)) return 'badRequest';
    const { entry, path } = route;
    if (!entry) return 'notFound';
    const proxy = this.#options.proxy();
    if (isLoop(request, proxy)) return 'loop';
    if (this.#endSessions.size >= this.#options.sessions) return 'busy';
    return { entry, path: path.startsWith('/') ? path : `/${path}`, proxy };
  }

  #openSession(entry: ProxyEntry<BackendUrl>, end: () => void): { session: ProxySession; onEnd: () => void } {
    const session = entry.openSession();
    this.#endSessions.add(end);
    return {
      session,
      onEnd: () => {
        session.end();
        this.#endSessions.delete(end);
        if (this.#endSessions.size === 0) this.#onIdle?.();
      },
    };
  }
}

/** Returns whether this is a valid WebSocket upgrade. Requests with a body are not. */
function isWebSocketUpgrade({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] ?? '0') === '0'
  );
}
