import type { IncomingMessage, ServerResponse } from 'node:http';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface HttpRouteOptions {
  /** Pages of any origin may send requests here: what the handler answers and does is meant for everybody. Default false. */
  readonly anyOrigin?: boolean;
}

export interface HttpRoute extends HttpRouteOptions {
  readonly handler: HttpHandler;
}

/** Plain HTTP beside the kite protocol: `/healthz` is that path alone, `/files/` everything below it; the longest wins. */
export class HttpRoutes {
  readonly #routes = new Map<string, HttpRoute>();

  add(path: string, route: HttpRoute): void {
    if (!path.startsWith('/'))
      throw new TypeError(`The path of an HTTP handler begins with "/", not as in "${path}"`);
    this.#routes.set(path, route);
  }

  find(url: string): HttpRoute | undefined {
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
