import { formatDuration } from '../../util/duration.js';
import type { Field } from '../terminal/details.js';
import type { BenchOptions } from './bench-options.js';
import type { CountedCalls } from './counted-calls.js';
import type { LoadResult } from './load-generator.js';
import type { Latencies, Measurement } from './measurement.js';

/** The result of a benchmark, as `--json` prints it. */
export interface BenchReport {
  readonly url: string;
  readonly method: string;
  readonly connections: number;
  readonly parallel: number;
  /** The value of --rate, or null. */
  readonly rate: number | null;
  /** Time from the first call to the last response. */
  readonly seconds: number;
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Number of failed calls by error type. */
  readonly errors: Readonly<Record<string, number>>;
  /** Calls that were pending when the benchmark was interrupted. */
  readonly pending: number;
  /** Calls that the rate required and that were not started. */
  readonly missed: number;
  readonly callsPerSecond: number;
  /** Items of streams that have arrived, also of streams that were canceled at the end. */
  readonly items: number;
  readonly itemsPerSecond: number;
  /** Size of the arguments that are bytes, or streams of bytes. */
  readonly bytesSent: number;
  /** Size of the results and items that are bytes. */
  readonly bytesReceived: number;
  /** Latencies of successful calls; with a rate, from the scheduled start. Null if no call succeeded. */
  readonly latency: Latencies | null;
}

export function benchReport(
  options: Pick<BenchOptions, 'method' | 'connections' | 'parallel' | 'rate'> & { readonly url: string },
  { milliseconds, started, missed, unanswered }: LoadResult,
  measured: Measurement,
  { items, bytesSent, bytesReceived }: Pick<CountedCalls, 'items' | 'bytesSent' | 'bytesReceived'>,
): BenchReport {
  const { url, method, connections, parallel, rate } = options;
  const { answered, failed } = measured;
  const seconds = Math.round(milliseconds) / 1000;
  return {
    url,
    method,
    connections,
    parallel,
    rate: rate ?? null,
    seconds,
    calls: started,
    succeeded: answered,
    failed,
    errors: Object.fromEntries(measured.errors),
    pending: unanswered,
    missed,
    callsPerSecond: perSecond(answered, milliseconds),
    items,
    itemsPerSecond: perSecond(items, milliseconds),
    bytesSent,
    bytesReceived,
    latency: measured.latencies(),
  };
}

function perSecond(count: number, milliseconds: number): number {
  return Math.round((count * 1000) / Math.max(milliseconds, 0.001));
}

/** Returns the report as fields. Only `wide` shows all percentiles. */
export function reportFields(report: BenchReport): Field[] {
  const { url, method, connections, parallel, rate, latency } = report;
  const field = (label: string, value: string): Field => ({ label, value });
  const load = `${pluralize(connections, 'connection')}, at most ${pluralize(parallel, 'concurrent call')}`;
  const fields = [
    field('method', `${method} at ${url}`),
    field('load', rate === null ? load : `${load}, ${rate} calls/s`),
    field('time', formatDuration(report.seconds * 1000)),
    field('succeeded', `${report.succeeded} of ${report.calls} calls`),
    field('throughput', `${report.callsPerSecond} calls/s`),
  ];
  if (report.items > 0) fields.push(field('items', `${report.items}, ${report.itemsPerSecond} items/s`));
  for (const [label, bytes] of [
    ['bytes sent', report.bytesSent],
    ['bytes received', report.bytesReceived],
  ] as const) {
    const mebibytes = bytes / MEBIBYTE / Math.max(report.seconds, 0.001);
    if (bytes > 0) fields.push(field(label, `${bytes}, ${mebibytes.toFixed(1)} MiB/s`));
  }
  for (const [type, count] of Object.entries(report.errors))
    fields.push(field(`failed ${type}`, String(count)));
  if (report.pending > 0) fields.push(field('pending', String(report.pending)));
  if (report.missed > 0) fields.push(field('not started', String(report.missed)));
  for (const [name, ms] of Object.entries(latency ?? {})) {
    fields.push({ ...field(`latency ${name}`, `${String(ms)} ms`), wide: WIDE_PERCENTILES.has(name) });
  }
  return fields;
}

const MEBIBYTE = 1024 * 1024;

const WIDE_PERCENTILES: ReadonlySet<string> = new Set(['p75', 'p95', 'p99.99']);

function pluralize(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
