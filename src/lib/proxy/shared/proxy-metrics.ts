import { Counter } from 'prom-client';
import { MetricsRegistry } from '../../util/metrics-registry.js';

/** Values that are read when the metrics are collected. */
export interface ProxyMetricSources {
  kites(): number;
  connections(): number;
  sessions(): number;
  sessionsTotal(): number;
  bytesToKites(): number;
  bytesFromKites(): number;
  ready(): boolean;
}

/** The Prometheus metrics of a proxy, the same for both kinds. */
export class ProxyMetrics extends MetricsRegistry {
  readonly #registrations: Counter<'outcome'>;
  readonly #failures: Counter<'reason'>;

  constructor(sources: ProxyMetricSources) {
    super();
    const registers = [this.register];
    this.#registrations = new Counter({
      name: 'proxy_registrations_total',
      help: 'Registrations of kites, by outcome',
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
    this.gauge('proxy_connections', 'Open connections of kites', () => sources.connections());
    this.gauge('proxy_sessions', 'Open sessions of callers', () => sources.sessions());
    this.gauge('proxy_ready', '1 if kites can register, 0 otherwise', () => Number(sources.ready()));
    this.counter('proxy_sessions_total', 'Sessions of callers', () => sources.sessionsTotal());
    this.counter('proxy_bytes_to_kites_total', 'Bytes sent to kites', () => sources.bytesToKites());
    this.counter('proxy_bytes_from_kites_total', 'Bytes received from kites', () => sources.bytesFromKites());
  }

  registered(outcome: 'taken' | 'refused'): void {
    this.#registrations.inc({ outcome });
  }

  /** Records a session that could not be opened. `reason` is one of a fixed set, because it becomes a label. */
  failed(reason: string): void {
    this.#failures.inc({ reason });
  }
}
