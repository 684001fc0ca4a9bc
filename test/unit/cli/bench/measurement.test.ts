import { describe, expect, it } from 'vitest';
import { Measurement } from '../../../../src/lib/cli/bench/measurement.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';

describe('measurements', () => {
  it('a measurement has percentiles to three digits, and none without answers', async () => {
    const measured = await Measurement.create();
    expect(measured.latencies()).toBeNull();
    for (let i = 1; i <= 1000; i++) measured.recordAnswer(i / 10);
    const latencies = measured.latencies();
    expect(latencies?.p50).toBeCloseTo(50, 0);
    expect(latencies?.p99).toBeCloseTo(99, 0);
    expect(latencies?.max).toBeCloseTo(100, 0);
    for (const value of Object.values(latencies ?? {}))
      expect(value).toBeLessThanOrEqual(latencies?.max ?? 0);
    measured.recordAnswer(1e12);
    expect(measured.latencies()?.max).toBeGreaterThan(3_599_000);
  });

  it('a measurement counts errors by type, with a limit on the number of types', async () => {
    const measured = await Measurement.create();
    const first = new KiteError('tooBad', 'first');
    measured.recordError(first);
    measured.recordError(new KiteError('tooBad', 'second'));
    for (let i = 0; i < 1000; i++) measured.recordError(new KiteError(`type ${i}`, 'x'));
    expect(measured.errors.get('tooBad')).toBe(2);
    expect(measured.errors.size).toBeLessThanOrEqual(101);
    expect(measured.failed).toBe(1002);
    expect(measured.firstError).toBe(first);
  });
});
