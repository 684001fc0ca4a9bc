import { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../util/metrics-registry.js';

/** Values that are read when the metrics are collected. */
export interface MetricSources {
  kites(): number;
  silentKites(): number;
  connections(): number;
  watchers(): number;
  storeUp(): boolean;
  /** In milliseconds. */
  clockDifference(): number;
}

type RegistrationTransport = 'connection' | 'http';

/** The Prometheus metrics of a Kontrol. */
export class KontrolMetrics extends MetricsRegistry {
  readonly #registrations: Counter<'transport'>;
  readonly #refusals: Counter<'transport'>;
  readonly #heartbeats: Counter;
  readonly #losses: Counter;
  readonly #returns: Counter;
  readonly #signatures: Counter;
  readonly #calls: Histogram<'method'>;
  readonly #failures: Counter<'method'>;

  constructor(sources: MetricSources) {
    super();
    const registers = [this.register];
    this.#registrations = new Counter({
      name: 'kontrol_registrations_total',
      help: 'Accepted registrations',
      labelNames: ['transport'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'kontrol_registrations_refused_total',
      help: 'Refused registrations',
      labelNames: ['transport'],
      registers,
    });
    this.#heartbeats = new Counter({
      name: 'kontrol_http_heartbeats_total',
      help: 'Heartbeats received over HTTP',
      registers,
    });
    this.#losses = new Counter({
      name: 'kontrol_kites_lost_total',
      help: 'Kites whose connection to this node dropped with no goodbye',
      registers,
    });
    this.#returns = new Counter({
      name: 'kontrol_kites_returned_total',
      help: 'Kites that registered again after their connection to this node had dropped',
      registers,
    });
    this.#signatures = new Counter({
      name: 'kontrol_tokens_signed_total',
      help: 'Tokens signed, excluding cached tokens',
      registers,
    });
    this.#calls = new Histogram({
      name: 'kontrol_call_seconds',
      help: 'Duration of calls in seconds',
      labelNames: ['method'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#failures = new Counter({
      name: 'kontrol_call_failures_total',
      help: 'Calls that failed',
      labelNames: ['method'],
      registers,
    });
    this.gauge('kontrol_kites', 'Kites in the registry', () => sources.kites());
    this.gauge('kontrol_silent_kites', 'Kites in the registry whose connection has dropped', () =>
      sources.silentKites(),
    );
    this.gauge('kontrol_connections', 'Open connections of kites and callers', () => sources.connections());
    this.gauge('kontrol_watchers', 'Active watches', () => sources.watchers());
    this.gauge(
      'kontrol_clock_difference_seconds',
      'Seconds by which the clock of the store, or of the node that differs most, is ahead of the clock of this node',
      () => sources.clockDifference() / 1000,
    );
    this.gauge('kontrol_store_up', '1 if the store is reachable, 0 otherwise', () =>
      Number(sources.storeUp()),
    );
  }

  registered(transport: RegistrationTransport): void {
    this.#registrations.inc({ transport });
  }

  refused(transport: RegistrationTransport): void {
    this.#refusals.inc({ transport });
  }

  heartbeat(): void {
    this.#heartbeats.inc();
  }

  /** A kite of this node is silent now, or is not any more. */
  updated(isSilent: boolean): void {
    (isSilent ? this.#losses : this.#returns).inc();
  }

  signed(): void {
    this.#signatures.inc();
  }

  /** Records a call of one of Kontrol's methods and its duration in milliseconds. */
  called(method: string, ms: number, failed: boolean): void {
    this.#calls.observe({ method }, ms / 1000);
    if (failed) this.#failures.inc({ method });
  }
}
