import { readArguments, streamsStdin } from '../call/argument-sources.js';
import { closeStreams } from '../call/byte-stream.js';
import { usageError } from '../runtime/cli-error.js';
import type { TargetClient } from '../target/on-demand-client.js';
import { isKiteError } from '../../protocol/errors.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import type { DialedKite } from '../target/dial-first.js';
import { withConnection } from '../target/with-connection.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { printDetails } from '../terminal/details.js';
import { isDataFormat } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { progressBar, ProgressLine } from '../terminal/progress-line.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { BenchOptions } from './bench-options.js';
import { CountedCalls } from './counted-calls.js';
import { LoadGenerator, type LoadResult } from './load-generator.js';
import { Measurement } from './measurement.js';
import { reportFields, type BenchReport, benchReport } from './bench-report.js';

/** Interval between updates of the progress line, in milliseconds. */
const PROGRESS_INTERVAL = 200;

/** Maximum number of connections that are opened concurrently. */
const MAX_CONCURRENT_DIALS = 50;

/**
 * Calls a method as fast as possible or at a rate, and prints the throughput and the latencies. Streams are read to their end, and
 * canceled at the end of the duration. If interrupted, prints the results so far.
 *
 * @throws CliError with the first failure: after the report, if every call failed; at once, if no call can succeed
 */
export async function bench(options: BenchOptions, runtime: CommandRuntime): Promise<void> {
  if (streamsStdin(options.args))
    throw usageError(
      'Each call of a benchmark reads a stream of its own, and standard input can be read only once.',
      'Pass a file: @stream:PATH',
    );
  const args = await readArguments(options.args, runtime.stdin);
  // Ctrl-C stops the load, and the command still prints the report.
  runtime.deferExit();
  try {
    await measure(options, args, runtime);
  } finally {
    await closeStreams(args);
  }
  runtime.signal.throwIfAborted();
}

async function measure(
  options: BenchOptions,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<void> {
  await withConnection(options, runtime, async (connected) => {
    const { method, format } = options;
    const clients = await openConnections(connected, options.connections, runtime.signal);
    const measurement = await Measurement.create();
    const hopeless = new AbortController();
    const calls = new CountedCalls({ method, args });
    const result = await runLoad(clients, options, { calls, measurement, hopeless }, runtime);
    if (hopeless.signal.aborted) throwIfAllFailed(measurement, connected.operationFor(method));
    const report = benchReport({ ...options, url: connected.url }, result, measurement, calls);
    await printReport(report, format, runtime);
    throwIfAllFailed(measurement, connected.operationFor(method));
  });
}

interface Load {
  readonly calls: CountedCalls;
  readonly measurement: Measurement;
  /** Aborted if no call can succeed. */
  readonly hopeless: AbortController;
}

async function openConnections(
  { client, openAnother }: DialedKite,
  count: number,
  signal: AbortSignal,
): Promise<DialedKite['client'][]> {
  const clients = [client];
  while (clients.length < count) {
    signal.throwIfAborted();
    const batch = Math.min(MAX_CONCURRENT_DIALS, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: batch }, openAnother))));
  }
  return clients;
}

async function runLoad(
  clients: readonly TargetClient[],
  { parallel, rate, duration }: BenchOptions,
  { calls, measurement, hopeless }: Load,
  runtime: CommandRuntime,
): Promise<LoadResult> {
  const over = new AbortController();
  const signal = AbortSignal.any([runtime.signal, hopeless.signal, over.signal]);
  const clock = preciseClock(() => runtime.now());
  const progress = new ProgressLine(runtime);
  const start = clock.monotonic();
  const updateProgress = (): void => {
    const elapsed = clock.monotonic() - start;
    const rateOf = (count: number): number => Math.round((count * 1000) / Math.max(1, elapsed));
    const items = calls.streams ? `, ${rateOf(calls.items)} items/s` : '';
    const failed = measurement.failed === 0 ? '' : `, ${measurement.failed} failed`;
    progress.show(
      `${progressBar(elapsed / duration)}  ${rateOf(measurement.answered)} calls/s${items}${failed}`,
    );
    timer = systemClock.setTimeout(updateProgress, PROGRESS_INTERVAL);
  };
  let timer = systemClock.setTimeout(updateProgress, PROGRESS_INTERVAL);
  // A stream may never end.
  const end = clock.setTimeout(() => calls.streams && over.abort(), duration);
  try {
    return await new LoadGenerator({
      calls: clients.map((client) => () => calls.call(client)),
      parallel,
      rate,
      duration,
      signal,
      clock,
      onAnswer: (milliseconds) => measurement.recordAnswer(milliseconds),
      onError: (error) => {
        measurement.recordError(error);
        if (measurement.answered === 0 && isFinal(error)) hopeless.abort();
        return isKiteError(error) && error.id === '' && ['disconnect', 'sendError'].includes(error.type);
      },
    }).run();
  } finally {
    end.cancel();
    timer.cancel();
    progress.end();
  }
}

/** The types of errors with which a kite responds to every call of the method with these arguments and credentials. */
const FINAL_ERRORS: ReadonlySet<string> = new Set(['argumentError', 'authenticationError', 'methodNotFound']);

function isFinal(error: unknown): boolean {
  return isKiteError(error) && FINAL_ERRORS.has(error.type);
}

/**
 * Returns a clock with precise timers. A timer of Node.js fires up to a millisecond late, which is longer than a call takes, so the
 * last part of a delay is spent in `setImmediate`.
 */
function preciseClock(monotonic: () => number): Clock {
  return {
    ...systemClock,
    monotonic,
    setTimeout(callback, ms) {
      if (ms > 2) return systemClock.setTimeout(callback, ms - 1);
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate) };
    },
  };
}

async function printReport(
  report: BenchReport,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  await printDetails({ fields: reportFields(report), data: report, name: report.method }, format, runtime);
  if (report.missed > 0 && !isDataFormat(format)) {
    const time = formatDuration(report.seconds * 1000);
    runtime.stderr.write(
      `warning: ${report.missed} calls were not started within ${time}, because --parallel ${report.parallel} calls were ` +
        'pending: the kite cannot keep up with --rate.\n',
    );
  }
}

function throwIfAllFailed({ answered, firstError }: Measurement, operation: Operation): void {
  if (answered === 0 && firstError !== undefined) throw toCliError(firstError, operation);
}
