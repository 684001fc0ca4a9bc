import { isKiteError } from '../../protocol/errors.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import type { ConnectedKite } from '../target/dial-first.js';
import { withConnection } from '../target/with-connection.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { printDetails } from '../terminal/details.js';
import { isDataFormat } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { progressBar, ProgressLine } from '../terminal/progress.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { BenchOptions } from './bench-options.js';
import { LoadGenerator, type LoadResult } from './load-generator.js';
import { Measurement } from './measurement.js';
import { reportFields, type BenchReport, benchReport } from './bench-report.js';

/** Milliseconds between two looks at the progress. */
const PROGRESS_INTERVAL = 200;

/** Most connections that are being opened at once. */
const MAX_CONCURRENT_DIALS = 50;

/**
 * Calls a method as often as it answers, or at a rate, and prints how many calls a second there were and how long they
 * took. Who interrupts it gets what was measured until then.
 *
 * @throws CliError with the first failure where every call failed, after the report
 */
export async function bench(options: BenchOptions, runtime: CommandRuntime): Promise<void> {
  // Ctrl-C ends the load, and not yet the command.
  runtime.deferExit();
  await withConnection(options, runtime, async (connected) => {
    const { method, args, format } = options;
    const clients = await openConnections(connected, options.connections, runtime.signal);
    const measured = await Measurement.create();
    const result = await runLoad(
      clients.map((client) => () => client.call(method, [...args], { callbacks: 'call' })),
      options,
      measured,
      runtime,
    );
    const report = benchReport({ ...options, url: connected.url }, result, measured);
    await printReport(report, format, runtime);
    throwIfAllFailed(measured, connected.operationFor(method));
  });
  runtime.signal.throwIfAborted();
}

async function openConnections(
  { client, openAnother }: ConnectedKite,
  count: number,
  signal: AbortSignal,
): Promise<ConnectedKite['client'][]> {
  const clients = [client];
  while (clients.length < count) {
    signal.throwIfAborted();
    const more = Math.min(MAX_CONCURRENT_DIALS, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: more }, openAnother))));
  }
  return clients;
}

async function runLoad(
  calls: readonly (() => Promise<unknown>)[],
  options: BenchOptions,
  measured: Measurement,
  runtime: CommandRuntime,
): Promise<LoadResult> {
  const { parallel, rate, duration } = options;
  const { signal } = runtime;
  const clock = preciseClock(() => runtime.now());
  const line = new ProgressLine(runtime);
  const begin = clock.now();
  const look = (): void => {
    const elapsed = clock.now() - begin;
    const perSecond = Math.round((measured.answered * 1000) / Math.max(1, elapsed));
    const failed = measured.failed === 0 ? '' : `, ${measured.failed} failed`;
    line.show(`${progressBar(elapsed / duration)}  ${perSecond} calls/s${failed}`);
    timer = systemClock.setTimeout(look, PROGRESS_INTERVAL);
  };
  let timer = systemClock.setTimeout(look, PROGRESS_INTERVAL);
  try {
    return await new LoadGenerator({
      calls,
      parallel,
      rate,
      duration,
      signal,
      clock,
      onAnswer: (milliseconds) => measured.recordAnswer(milliseconds),
      onError: (error) => {
        measured.recordError(error);
        return isKiteError(error) && error.id === '' && ['disconnect', 'sendError'].includes(error.type);
      },
    }).run();
  } finally {
    timer.cancel();
    line.end();
  }
}

/** Timers come up to a millisecond late, which is longer than a call takes: the last of it is waited for turn by turn. */
function preciseClock(now: () => number): Clock {
  return {
    now,
    setTimeout(callback, ms) {
      if (ms > 2) return systemClock.setTimeout(callback, ms - 1);
      const turn = setImmediate(callback);
      return { cancel: () => clearImmediate(turn) };
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
      `warning: ${report.missed} calls were due within ${time} and not begun, since --parallel ${report.parallel} calls ` +
        'were waiting for answers: the kite does not keep up with --rate.\n',
    );
  }
}

function throwIfAllFailed({ answered, firstError }: Measurement, doing: Operation): void {
  if (answered === 0 && firstError !== undefined) throw toCliError(firstError, doing);
}
