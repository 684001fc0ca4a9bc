import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../util/clock.js';
import type { ProxyEntry, ProxySession } from '../shared/proxy-table.js';
import { Backends, type BackendOptions } from './backends.js';
import { forwardRequest } from './forward-request.js';
import { forwardUpgrade } from './forward-upgrade.js';
import { isLoop, type ProxyNames, requestHeaders } from './forwarded-headers.js';
import { type RefusalType, refuse, refuseSocket } from './proxy-refusal.js';
import { readRequestTarget } from './request-path.js';
import type { BackendUrl } from './backend-url.js';

export interface ForwarderOptions extends BackendOptions {
  readonly clock: Clock;
  readonly names: () => ProxyNames;
  /** The kite behind the proxy that has this id. */
  readonly find: (id: string) => ProxyEntry<BackendUrl> | undefined;
  /** Most sessions at a time. */
  readonly sessions: number;
  readonly failed: (why: RefusalType) => void;
}

/** A request that goes to a kite. */
interface Passed {
  readonly entry: ProxyEntry<BackendUrl>;
  /** Path and query at the kite. */
  readonly path: string;
  readonly names: ProxyNames;
}

/** Passes on what comes in below `/proxy/`. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #backends: Backends;
  /** What ends each session at once. */
  readonly #open = new Set<() => void>();
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#backends = new Backends(options);
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    const passed = this.#pass(request);
    if (typeof passed === 'string') {
      this.#options.failed(passed);
      refuse(response, passed);
      return;
    }
    const { entry, path, names } = passed;
    const headers = requestHeaders(request, names);
    const method = request.method ?? 'GET';
    const backend = this.#backends.open(entry.target, { method, path, headers, alone: false });
    const { session, ended } = this.#session(entry, () => response.destroy());
    forwardRequest(request, response, backend, { session, ended, failed: this.#options.failed });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const passed = isWebSocket(request) ? this.#pass(request) : 'badRequest';
    if (typeof passed === 'string') {
      this.#options.failed(passed);
      refuseSocket(socket, passed);
      return;
    }
    const { entry, path, names } = passed;
    const headers = { ...requestHeaders(request, names), connection: 'Upgrade', upgrade: 'websocket' };
    const backend = this.#backends.open(entry.target, { method: 'GET', path, headers, alone: true });
    const { session, ended } = this.#session(entry, () => socket.destroy());
    const { clock, failed } = this.#options;
    forwardUpgrade(socket as Socket, head, backend, { session, clock, ended, failed });
  }

  /** Takes nothing new. Resolves when every session has ended by itself. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#open.size === 0) resolve();
    });
  }

  /** Ends what is still open. */
  close(): void {
    this.#draining = true;
    for (const end of this.#open) end();
    this.#backends.close();
  }

  #pass(request: IncomingMessage): Passed | RefusalType {
    const requested = readRequestTarget(request.url ?? '');
    if (requested.type === 'notFound') return 'notFound';
    if (requested.type === 'bad') return 'badRequest';
    if (this.#draining) return 'ending';
    const entry = this.#options.find(requested.id);
    if (!entry) return 'notFound';
    const names = this.#options.names();
    if (isLoop(request, names)) return 'loop';
    if (this.#open.size >= this.#options.sessions) return 'busy';
    const path = entry.target.path + requested.rest;
    return { entry, path: path.startsWith('/') ? path : `/${path}`, names };
  }

  #session(entry: ProxyEntry<BackendUrl>, end: () => void): { session: ProxySession; ended: () => void } {
    const session = entry.openSession();
    this.#open.add(end);
    return {
      session,
      ended: () => {
        session.end();
        this.#open.delete(end);
        if (this.#open.size === 0) this.#idle?.();
      },
    };
  }
}

/** One without a body, which a WebSocket has no room for. */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] ?? '0') === '0'
  );
}
