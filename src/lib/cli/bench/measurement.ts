import type { Histogram } from 'hdr-histogram-js';
import { isKiteError } from '../../protocol/errors.js';
import { BENCH_ERROR_TYPES } from '../runtime/command-limits.js';

/** One hour, in microseconds. */
const MAX_LATENCY = 3_600_000_000;

/** Latencies in milliseconds. */
export interface Latencies {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly 'p99.99': number;
  readonly max: number;
}

/** Collects the latencies of successful calls, with three significant digits, and counts failures by error type. */
export class Measurement {
  readonly errors = new Map<string, number>();
  /** The error of the first call that failed. */
  firstError: unknown;
  answered = 0;
  failed = 0;
  readonly #histogram: Histogram;

  private constructor(histogram: Histogram) {
    this.#histogram = histogram;
  }

  static async create(): Promise<Measurement> {
    const { build } = await import('hdr-histogram-js');
    return new Measurement(
      build({
        lowestDiscernibleValue: 1,
        highestTrackableValue: MAX_LATENCY,
        numberOfSignificantValueDigits: 3,
      }),
    );
  }

  recordAnswer(milliseconds: number): void {
    this.answered++;
    this.#histogram.recordValue(Math.min(MAX_LATENCY, Math.max(1, Math.round(milliseconds * 1000))));
  }

  recordError(error: unknown): void {
    this.failed++;
    this.firstError ??= error;
    const type = isKiteError(error) ? error.type : 'internal';
    // The remote kite chooses the type, and could use a new one for each call.
    const name = this.errors.has(type) || this.errors.size < BENCH_ERROR_TYPES ? type : 'others';
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }

  /** Returns the latencies, or null if no call succeeded. */
  latencies(): Latencies | null {
    if (this.answered === 0) return null;
    const histogram = this.#histogram;
    const max = histogram.maxValue;
    // The histogram returns the upper end of a bucket, which can exceed the maximum.
    const at = (percentile: number): number =>
      Math.min(max, histogram.getValueAtPercentile(percentile)) / 1000;
    return {
      min: histogram.minNonZeroValue / 1000,
      mean: Math.round(histogram.mean) / 1000,
      p50: at(50),
      p75: at(75),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      'p99.9': at(99.9),
      'p99.99': at(99.99),
      max: max / 1000,
    };
  }
}
