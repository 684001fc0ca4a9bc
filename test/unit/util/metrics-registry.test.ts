import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from '../../../src/lib/util/metrics-registry.js';

class Metrics extends MetricsRegistry {
  kites = 3;
  calls = 7;

  constructor() {
    super();
    this.gauge('test_kites', 'Kites.', () => this.kites);
    this.counter('test_calls_total', 'Calls.', () => this.calls);
  }
}

describe('MetricsRegistry', () => {
  it('MetricsRegistry reads each number when the text is requested', async () => {
    const metrics = new Metrics();
    expect(await metrics.text()).toBe(
      '# HELP test_kites Kites.\n# TYPE test_kites gauge\ntest_kites 3\n\n' +
        '# HELP test_calls_total Calls.\n# TYPE test_calls_total counter\ntest_calls_total 7\n',
    );
    metrics.kites = 1;
    metrics.calls = 9;
    expect(await metrics.text()).toContain('test_kites 1\n');
    expect(await metrics.text()).toContain('test_calls_total 9\n');
  });

  it('MetricsRegistry shares nothing with another register of the process', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.kites = 100;
    expect(await other.text()).toContain('test_kites 3\n');
  });

  it('MetricsRegistry has the content type of the text format of Prometheus', () => {
    expect(new Metrics().contentType).toMatch(/^text\/plain; version=/);
  });
});
