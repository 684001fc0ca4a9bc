import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Handles a plain HTTP request. If it throws or rejects, the response is HTTP status 500. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Handles an upgrade request: takes over the socket. `head` is the data after the request. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface HttpRouteOptions {
  /** Whether pages of any origin may send requests to this path. Default: false. */
  readonly anyOrigin?: boolean;
}

export interface HttpRoute<Handler = HttpHandler> extends HttpRouteOptions {
  readonly handler: Handler;
}

/**
 * The routes of plain HTTP requests. `/healthz` matches exactly, `/files/` everything below it. The longest match takes
 * precedence.
 */
export class HttpRoutes<Handler = HttpHandler> {
  readonly #routes = new Map<string, HttpRoute<Handler>>();

  add(path: string, route: HttpRoute<Handler>): void {
    if (!path.startsWith('/'))
      throw new TypeError(`The path of an HTTP handler must begin with "/", not "${path}"`);
    this.#routes.set(path, route);
  }

  find(url: string): HttpRoute<Handler> | undefined {
    const path = url.split('?', 1)[0] ?? '/';
    const exact = this.#routes.get(path);
    if (exact) return exact;
    let best = '';
    for (const prefix of this.#routes.keys()) {
      if (prefix.endsWith('/') && prefix.length > best.length && path.startsWith(prefix)) best = prefix;
    }
    return this.#routes.get(best);
  }
}
