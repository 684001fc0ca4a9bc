import { Kite, type KiteWatch } from '../../index.js';
import type { RemoteKite } from '../../kite/kontrol/remote-kite.js';
import { kitePath } from '../../protocol/identity.js';
import { systemClock, type Timer } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { CliError } from '../runtime/cli-error.js';
import { loadKiteKey } from '../target/choose-key.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { operationAt, kiteOptions, kontrolUrlsOf } from '../target/with-kontrol.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { printList } from '../terminal/listing.js';
import { requireQuery } from '../target/query-path.js';
import { Spinner } from '../terminal/spinner.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';
import { Probe, type Row } from './kite-probe.js';
import { rows } from './top-rows.js';
import { Screen } from './full-screen.js';
import { linesOf } from './top-view.js';
import { TOP_KITES } from '../runtime/command-limits.js';

export interface TopOptions extends KontrolCommandOptions {
  /** Which kites, as a path. Undefined: all of this person's. */
  readonly path: string | undefined;
  /** Milliseconds between two rounds of questions. */
  readonly interval: number;
  /** Print how the kites are now, and end. */
  readonly once: boolean;
  readonly format: OutputFormat | undefined;
}

/** Milliseconds that a kite has for an answer. */
const PATIENCE = 2000;

/**
 * Shows the kites that are registered, and how they are, until the person types `q`. Elsewhere than on a terminal, with
 * `once` and as data, it prints that one time.
 *
 * @throws CliError when Kontrol cannot be asked
 */
export async function top(options: TopOptions, runtime: CommandRuntime): Promise<void> {
  const { env, signal, stdin, stdout, version } = runtime;
  const { settings } = options;
  const found = await loadKiteKey(settings);
  const { key } = found;
  const path = options.path ?? `/${key.username}`;
  const query = requireQuery(path);
  const urls = kontrolUrlsOf(settings, found);
  const kite = new Kite('kitectl', version, {
    ...kiteOptions(settings),
    kiteKey: key.jwt,
    kontrolUrl: urls,
    // What it would write would be in the middle of the screen.
    logger: silentLogger,
  });
  const live =
    !options.once &&
    (options.format === undefined || options.format === 'table') &&
    stdin.isTTY === true &&
    stdout.isTTY === true &&
    env['TERM'] !== 'dumb';
  // The terminal is put in order before the command ends.
  if (live) runtime.deferExit();
  const probes = new Probes(() => runtime.now());
  const close = (): void => void kite.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const spinner = new Spinner(runtime);
    const watch = await spinner.during(`Asking Kontrol for ${path}`, () =>
      kite
        .watchKites(query, ({ action, kite: one }) => {
          if (action === 'REGISTER') probes.add(one);
          else probes.remove(one);
        })
        .catch((error: unknown) => {
          throw toCliError(error, operationAt(urls.join(', '), `watching ${path}`));
        }),
    );
    for (const one of watch.kites) probes.add(one);
    if (live) await show(path, probes, watch, options.interval, runtime);
    else await once(probes, options.format, runtime);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

async function once(
  probes: Probes,
  format: OutputFormat | undefined,
  runtime: CommandRuntime,
): Promise<void> {
  await new Spinner(runtime).during('Asking the kites', () => probes.measure());
  await printList(probes.rows(), rows, format, runtime);
}

async function show(
  path: string,
  probes: Probes,
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
      linesOf({
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
  const aborted = (): void => quit(signal.reason as Error);
  const screen = new Screen(runtime, {
    key(key) {
      if (key === 'q' || key === 'Q') quit();
      if (key === '\u0003') quit(ctrlC());
    },
    resize: draw,
  });
  let timer: Timer | undefined;
  const round = (): void => {
    draw();
    void probes.measure().then(draw);
    timer = systemClock.setTimeout(round, interval);
  };
  probes.onChange = () => {
    draw();
    void probes.measureNew().then(draw);
  };
  signal.addEventListener('abort', aborted, { once: true });
  try {
    signal.throwIfAborted();
    round();
    await done;
  } finally {
    signal.removeEventListener('abort', aborted);
    probes.onChange = () => {};
    timer?.cancel();
    screen.close();
  }
}

/** A terminal that is read key by key sends Ctrl-C as a key, and no signal. */
function ctrlC(): CliError {
  return new CliError('Ended by Ctrl-C.', { exitCode: ExitCode.interrupted, type: 'interrupted' });
}

/** A probe for each kite that is there. */
class Probes {
  readonly #now: () => number;
  readonly #all = new Map<string, Probe>();
  /** A kite came or went. */
  onChange: () => void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  add(one: RemoteKite): void {
    const { kite, url } = one;
    this.#all.get(kite.id)?.close();
    const client = one.client({ timeout: PATIENCE, handshakeTimeout: PATIENCE });
    this.#all.set(kite.id, new Probe({ kite, url, client, now: this.#now }));
    this.onChange();
  }

  remove({ kite }: RemoteKite): void {
    this.#all.get(kite.id)?.close();
    this.#all.delete(kite.id);
    this.onChange();
  }

  rows(): Row[] {
    const all = Array.from(this.#all.values(), ({ row }) => row);
    return all.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
  }

  async measure(): Promise<void> {
    await Promise.all([...this.#all.values()].slice(0, TOP_KITES).map((probe) => probe.measure()));
  }

  /** Asks those that have never been asked. */
  async measureNew(): Promise<void> {
    const probes = [...this.#all.values()].slice(0, TOP_KITES);
    await Promise.all(probes.filter(({ row }) => row.answers === null).map((probe) => probe.measure()));
  }
}
