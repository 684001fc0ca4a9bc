import type { IncomingMessage, ServerResponse } from 'node:http';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Plain HTTP beside the kite protocol: `/healthz` is that path alone, `/files/` everything below it; the longest wins. */
export class HttpRoutes {
  readonly #routes = new Map<string, HttpHandler>();

  add(path: string, handler: HttpHandler): void {
    if (!path.startsWith('/'))
      throw new TypeError(`The path of an HTTP handler begins with "/", not as in "${path}"`);
    this.#routes.set(path, handler);
  }

  find(url: string): HttpHandler | undefined {
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
