import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kite } from '../../kite/kite.js';
import type { ProxyMetrics } from './proxy-metrics.js';

/** What the pages tell of. */
export interface Watched {
  readonly ready: boolean;
  readonly metrics: ProxyMetrics;
}

/** Has a proxy's kite tell how it is over plain HTTP: `/healthz`, `/readyz`, and `/metrics` for Prometheus. */
export function addHealthRoutes(kite: Kite, watched: Watched): void {
  const page = (path: string, answer: (response: ServerResponse) => void | Promise<void>): void => {
    kite.handleHttp(path, (request, response) => {
      if (allowsGet(request, response)) return answer(response);
    });
  };
  page('/healthz', (response) => sendText(response, 200, 'ok\n'));
  page('/readyz', (response) => {
    if (watched.ready) sendText(response, 200, 'ready\n');
    else sendText(response, 503, 'not ready: not registered at Kontrol, or ending\n');
  });
  page('/metrics', async (response) => {
    const text = await watched.metrics.text();
    response.writeHead(200, { 'content-type': watched.metrics.contentType });
    response.end(text);
  });
}

function allowsGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  sendText(response, 405, 'use GET\n');
  return false;
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
