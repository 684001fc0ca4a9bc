import { Counter } from 'prom-client';
import { MetricsRegistry } from '../../util/metrics-registry.js';

/** What is read when somebody asks for the metrics. */
export interface ProxyMetricSources {
  kites(): number;
  connections(): number;
  sessions(): number;
  sessionsTotal(): number;
  bytesToKites(): number;
  bytesFromKites(): number;
  ready(): boolean;
}

/** What a proxy tells Prometheus: the same for both kinds. */
export class ProxyMetrics extends MetricsRegistry {
  readonly #registrations: Counter<'outcome'>;
  readonly #failures: Counter<'reason'>;

  constructor(sources: ProxyMetricSources) {
    super();
    const registers = [this.register];
    this.#registrations = new Counter({
      name: 'proxy_registrations_total',
      help: 'Registrations of kites, taken or refused',
      labelNames: ['outcome'],
      registers,
    });
    this.#failures = new Counter({
      name: 'proxy_failures_total',
      help: 'Sessions that could not be opened, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.gauge('proxy_kites', 'Kites behind the proxy', () => sources.kites());
    this.gauge('proxy_connections', 'Connections of kites', () => sources.connections());
    this.gauge('proxy_sessions', 'Sessions of callers', () => sources.sessions());
    this.gauge('proxy_ready', '1 while the proxy takes kites', () => Number(sources.ready()));
    this.counter('proxy_sessions_total', 'Sessions of callers so far', () => sources.sessionsTotal());
    this.counter('proxy_bytes_to_kites_total', 'Bytes to kites', () => sources.bytesToKites());
    this.counter('proxy_bytes_from_kites_total', 'Bytes from kites', () => sources.bytesFromKites());
  }

  registered(outcome: 'taken' | 'refused'): void {
    this.#registrations.inc({ outcome });
  }

  /** A session could not be opened. `reason` is one of few words. */
  failed(reason: string): void {
    this.#failures.inc({ reason });
  }
}
