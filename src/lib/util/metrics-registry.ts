import { Counter, Gauge, Registry } from 'prom-client';

/**
 * Numbers for Prometheus, in a register of their own: nothing is shared with others in one process. Most are read only when
 * somebody asks.
 */
export class MetricsRegistry {
  protected readonly register = new Registry();

  get contentType(): string {
    return this.register.contentType;
  }

  /** Everything, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.register.metrics();
  }

  /** A number that goes up and down. */
  protected gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.register],
      collect: () => gauge.set(read()),
    });
  }

  /** A number that only grows, and that something else counts. */
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
