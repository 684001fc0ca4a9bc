import { Kite, type KiteWatch } from '../../index.js';
import { exactQuery, formatQueryPath } from '../../protocol/query.js';
import { systemClock, type Timer } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import { silentLogger } from '../../util/logger.js';
import { CliError } from '../runtime/cli-error.js';
import { loadKiteKey } from '../target/choose-key.js';
import { admitKontrol } from '../target/key-recipient.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { operationAt, kiteOptions, kontrolUrlsOf } from '../target/with-kontrol.js';
import { commonSettings } from '../settings/common-settings.js';
import { isDataFormat } from '../terminal/document.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { printList } from '../terminal/listing.js';
import { connectAtPath } from '../target/connect-at-path.js';
import { InputGate } from '../target/input-gate.js';
import { watchOrPoll } from '../../kite/kontrol/watch-or-poll.js';
import { requireQuery } from '../target/query-path.js';
import { Spinner } from '../terminal/spinner.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';
import { KiteProbes } from './kite-probes.js';
import { topListing } from './top-rows.js';
import { FullScreen } from './full-screen.js';
import { renderTop } from './top-view.js';

export interface TopOptions extends KontrolCommandOptions {
  /** Query for the kites, as a path. Default: all kites of this user. */
  readonly path: string | undefined;
  /** Milliseconds between two measurements. */
  readonly interval: number;
  /** Print one measurement and exit. */
  readonly once: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Shows registered kites with their latency, load and memory until the user types `q`. Without a terminal, with `once` or in
 * a data format, prints one measurement.
 *
 * @throws CliError if Kontrol cannot be reached or rejects the query
 */
export async function top(options: TopOptions, runtime: CommandRuntime): Promise<void> {
  const { env, signal, stdin, stdout, version } = runtime;
  const { settings } = options;
  const found = await loadKiteKey(settings);
  const { key } = found;
  const path = options.path ?? formatQueryPath(exactQuery({ username: key.username }));
  const query = requireQuery(path);
  const urls = kontrolUrlsOf(settings, found);
  const gate = new InputGate(runtime);
  const kiteSettings = {
    ...kiteOptions(settings),
    kiteKey: key.jwt,
    kontrolUrl: urls,
    // Log lines would corrupt the screen.
    logger: silentLogger,
  };
  const kite = new Kite('kitectl', version, kiteSettings, {
    admitPeer: admitKontrol(settings),
    replaceDialed: (channel) => gate.watch(channel),
    connectAt: connectAtPath(runtime),
  });
  const live =
    !options.once &&
    (options.format === undefined || options.format === 'table') &&
    stdin.isTTY === true &&
    stdout.isTTY === true &&
    env['TERM'] !== 'dumb';
  // The terminal has to be restored before the command ends.
  if (live) runtime.deferExit();
  const probes = new KiteProbes({ now: () => runtime.now(), signal, stay: live });
  const close = (): void => void kite.close();
  let release: () => void = () => {};
  signal.addEventListener('abort', close, { once: true });
  try {
    const spinner = new Spinner(runtime);
    const watch = await spinner.during(`Querying Kontrol for ${path}`, () =>
      watchOrPoll(kite, query, {
        listener({ action, kite: remote }) {
          if (action === 'REGISTER') probes.add(remote);
          else if (action === 'DEREGISTER') probes.remove(remote);
        },
        // The screen is redrawn periodically in any case, and shows the last known kites during a failure.
        polling: () => {},
        failed: () => {},
        clock: runtime.clock,
      }).catch((error: unknown) => {
        throw toCliError(error, operationAt(urls.join(', '), `watching ${path}`));
      }),
    );
    release = () => watch.cancel();
    for (const remote of watch.kites) probes.add(remote);
    if (live) await runLive(path, probes, watch, options.interval, runtime);
    else await printOnce(probes, settings.value(commonSettings.timeout), options.format, runtime);
  } finally {
    signal.removeEventListener('abort', close);
    release();
    await kite.close();
  }
}

async function printOnce(
  probes: KiteProbes,
  time: number,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  await new Spinner(runtime).during('Measuring the kites', () => probes.measure(time));
  const rows = probes.rows();
  await printList(rows, topListing, format, runtime);
  const left = rows.filter(({ asked }) => !asked).length;
  if (left === 0 || isDataFormat(format)) return;
  runtime.stderr.write(
    `warning: ${left} of ${rows.length} kites were not asked within ${formatDuration(time)}. Allow more time with --timeout.\n`,
  );
}

async function runLive(
  path: string,
  probes: KiteProbes,
  watch: KiteWatch,
  interval: number,
  runtime: CommandRuntime,
): Promise<void> {
  const { signal, stdout } = runtime;
  const color = canColor(runtime, stdout);
  const draw = (): void => {
    const time = new Date(systemClock.now()).toTimeString().slice(0, 8);
    const count = `${watch.kites.length} kite${watch.kites.length === 1 ? '' : 's'}`;
    screen.draw(
      renderTop({
        title: `${path}   ${count}   ${time}   q quits`,
        rows: probes.rows(),
        size: screen.size,
        bold: (text) => (color ? `\u001b[1m${text}\u001b[22m` : text),
      }),
    );
  };
  let quit: (failure?: Error) => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    quit = (failure) => (failure ? reject(failure) : resolve());
  });
  const onAbort = (): void => quit(signal.reason as Error);
  const screen = new FullScreen(runtime, {
    key(key) {
      if (key === 'q' || key === 'Q') quit();
      if (key === '\u0003') quit(interruptedError());
    },
    resize: draw,
  });
  let timer: Timer | undefined;
  const refresh = (): void => {
    draw();
    void probes.measure().then(draw);
    timer = systemClock.setTimeout(refresh, interval);
  };
  probes.onChange = () => {
    draw();
    void probes.measureNew().then(draw);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    refresh();
    await done;
  } finally {
    signal.removeEventListener('abort', onAbort);
    probes.onChange = () => {};
    timer?.cancel();
    screen.close();
  }
}

/** In raw mode a terminal sends Ctrl-C as a key instead of a signal. */
function interruptedError(): CliError {
  return new CliError('Ended by Ctrl-C.', { exitCode: ExitCode.interrupted, type: 'interrupted' });
}
