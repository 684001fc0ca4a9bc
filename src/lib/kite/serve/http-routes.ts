import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Takes over the socket of a request for an upgrade, with what has come behind the request. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface HttpRouteOptions {
  /** Pages of any origin may send requests here: what the handler answers and does is meant for everybody. Default false. */
  readonly anyOrigin?: boolean;
}

export interface HttpRoute<Handler = HttpHandler> extends HttpRouteOptions {
  readonly handler: Handler;
}

/** Plain HTTP beside the kite protocol: `/healthz` is that path alone, `/files/` everything below it; the longest wins. */
export class HttpRoutes<Handler = HttpHandler> {
  readonly #routes = new Map<string, HttpRoute<Handler>>();

  add(path: string, route: HttpRoute<Handler>): void {
    if (!path.startsWith('/'))
      throw new TypeError(`The path of an HTTP handler begins with "/", not as in "${path}"`);
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
