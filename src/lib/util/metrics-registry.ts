import { Counter, Gauge, Registry } from 'prom-client';

/**
 * Metrics for Prometheus, in a separate registry: nothing is shared with other registries of the process. Most values are read
 * only when the metrics are collected.
 */
export class MetricsRegistry {
  protected readonly register = new Registry();

  get contentType(): string {
    return this.register.contentType;
  }

  /** Returns all metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.register.metrics();
  }

  /** Adds a gauge. `read` returns its value. */
  protected gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.register],
      collect: () => gauge.set(read()),
    });
  }

  /** Adds a counter. `read` returns its value, which must not decrease. */
  protected counter(name: string, help: string, read: () => number): void {
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.register],
      collect() {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}
