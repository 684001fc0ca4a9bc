import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kite } from '../../kite/kite.js';
import type { ProxyMetrics } from './proxy-metrics.js';
import { respondText } from '../../transport/server/respond.js';

/** The proxy whose health and metrics are served. */
export interface HealthSource {
  readonly ready: boolean;
  readonly metrics: ProxyMetrics;
}

/** Adds `/healthz`, `/readyz` and `/metrics` (in the text format of Prometheus) to a proxy's kite. */
export function addHealthRoutes(kite: Kite, source: HealthSource): void {
  const addRoute = (path: string, respond: (response: ServerResponse) => void | Promise<void>): void => {
    kite.handleHttp(path, (request, response) => {
      if (allowsGet(request, response)) return respond(response);
    });
  };
  addRoute('/healthz', (response) => respondText(response, 200, {}, 'ok\n'));
  addRoute('/readyz', (response) => {
    if (source.ready) respondText(response, 200, {}, 'ready\n');
    else respondText(response, 503, {}, 'not ready: not registered with Kontrol, or shutting down\n');
  });
  addRoute('/metrics', async (response) => {
    const metrics = await source.metrics.text();
    response.writeHead(200, { 'content-type': source.metrics.contentType });
    response.end(metrics);
  });
}

function allowsGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  respondText(response, 405, {}, 'use GET\n');
  return false;
}
