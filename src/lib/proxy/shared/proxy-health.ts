import type { Kite } from '../../kite/kite.js';
import { allowsGet } from '../../kite/serve/health-routes.js';
import type { ProxyMetrics } from './proxy-metrics.js';

/** The proxy whose health and metrics are served. */
export interface HealthSource {
  readonly ready: boolean;
  readonly metrics: ProxyMetrics;
}

/** Adds `/healthz`, `/readyz` and `/metrics` (in the text format of Prometheus) to a proxy's kite. */
export function addHealthRoutes(kite: Kite, source: HealthSource): void {
  kite.health({ ready: () => source.ready || 'not registered with Kontrol' });
  kite.handleHttp('/metrics', async (request, response) => {
    if (!allowsGet(request, response)) return;
    const metrics = await source.metrics.text();
    response.writeHead(200, { 'content-type': source.metrics.contentType });
    response.end(metrics);
  });
}
