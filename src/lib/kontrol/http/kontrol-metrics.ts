import { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../util/metrics-registry.js';

/** What is read when somebody asks for the metrics. */
export interface MetricSources {
  kites(): number;
  connections(): number;
  watchers(): number;
  storeUp(): boolean;
}

type Transport = 'connection' | 'http';

/** What a Kontrol tells Prometheus. */
export class KontrolMetrics extends MetricsRegistry {
  readonly #registrations: Counter<'transport'>;
  readonly #refusals: Counter<'transport'>;
  readonly #heartbeats: Counter;
  readonly #signatures: Counter;
  readonly #calls: Histogram<'method'>;
  readonly #failures: Counter<'method'>;

  constructor(sources: MetricSources) {
    super();
    const registers = [this.register];
    this.#registrations = new Counter({
      name: 'kontrol_registrations_total',
      help: 'Registrations that were taken',
      labelNames: ['transport'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'kontrol_registrations_refused_total',
      help: 'Registrations that were refused',
      labelNames: ['transport'],
      registers,
    });
    this.#heartbeats = new Counter({
      name: 'kontrol_http_heartbeats_total',
      help: 'Heartbeats over HTTP',
      registers,
    });
    this.#signatures = new Counter({
      name: 'kontrol_tokens_signed_total',
      help: 'Tokens signed, without those from the cache',
      registers,
    });
    this.#calls = new Histogram({
      name: 'kontrol_call_seconds',
      help: 'Time from a call to its answer',
      labelNames: ['method'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#failures = new Counter({
      name: 'kontrol_call_failures_total',
      help: 'Calls that were answered with an error',
      labelNames: ['method'],
      registers,
    });
    this.gauge('kontrol_kites', 'Kites in the registry', () => sources.kites());
    this.gauge('kontrol_connections', 'Connections of kites and callers', () => sources.connections());
    this.gauge('kontrol_watchers', 'Watches of callers', () => sources.watchers());
    this.gauge('kontrol_store_up', '1 while the store answers', () => Number(sources.storeUp()));
  }

  registered(transport: Transport): void {
    this.#registrations.inc({ transport });
  }

  refused(transport: Transport): void {
    this.#refusals.inc({ transport });
  }

  heartbeat(): void {
    this.#heartbeats.inc();
  }

  signed(): void {
    this.#signatures.inc();
  }

  /** A call of one of Kontrol's methods was answered after so many milliseconds. */
  called(method: string, ms: number, failed: boolean): void {
    this.#calls.observe({ method }, ms / 1000);
    if (failed) this.#failures.inc({ method });
  }
}
