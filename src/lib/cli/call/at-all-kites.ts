import { shellQuote } from '../../keys/secret-access.js';
import { makeVisible } from '../../util/make-visible.js';
import { formatQueryPath } from '../../protocol/query.js';
import { kitePath } from '../../protocol/identity.js';
import { toCliError } from '../frame/failures.js';
import { formatFailure } from '../frame/report-failure.js';
import { CliError, notFound, usageError } from '../runtime/cli-error.js';
import { CALLED_KITES } from '../runtime/command-limits.js';
import { canColor, type CommandRuntime, runtimeWith, write } from '../runtime/command-runtime.js';
import type { DialedKite } from '../target/dial-first.js';
import { discoverAll, type NamedCandidate } from '../target/discovery.js';
import { InputGate } from '../target/input-gate.js';
import { type ConnectOptions, connectTo } from '../target/with-connection.js';
import { red } from '../terminal/colors.js';
import { Spinner } from '../terminal/spinner.js';
import { repeated, type Repetition } from './repeated.js';

/** One of the kites of a command with `--all`. */
export interface CalledKite extends NamedCandidate {
  /** The path of the kite, which begins its lines. */
  readonly path: string;
}

export interface AllKitesOptions extends ConnectOptions, Repetition {
  /** Number of kites that have to answer; the others are canceled then. Default: all. */
  readonly replies?: number | undefined;
}

export interface AllKitesCalls {
  /** Prepares the output for these kites. */
  begin(kites: readonly CalledKite[], spinner: Spinner): Promise<void> | void;
  /**
   * Makes the call at a kite, and prints its answer. Calls `answered` before it prints anything: it throws if the command does not
   * need the answer any more.
   */
  ask(kite: CalledKite, connected: DialedKite, signal: AbortSignal, answered: () => void): Promise<void>;
  /** Prints a failure at a kite to stdout. Returns false if it is reported on stderr instead. */
  failed(kite: CalledKite, error: CliError): Promise<void> | false;
}

/**
 * Connects to each kite that is registered now for a query, and makes a call there. All are made at the same time, up to a limit; a
 * kite that registers during the command is not called.
 *
 * @throws CliError at the end, with the exit code of the first failure, unless every kite, or `replies` of them, have answered
 */
export async function atAllKites(
  options: AllKitesOptions,
  calls: AllKitesCalls,
  runtime: CommandRuntime,
): Promise<void> {
  const { target, settings, replies } = options;
  if (target.type === 'url')
    throw usageError(
      `--all calls the kites of a query, and the target is the URL ${target.url}.`,
      'Use a query, such as --to /bob/prod/math, or remove --all.',
    );
  const found = await discoverAll(target, settings, runtime);
  if (replies !== undefined && found.length < replies) {
    const path =
      target.type === 'query' ? target.path : formatQueryPath({ username: found[0]?.kite.username ?? '' });
    throw notFound(
      `${found.length === 1 ? '1 kite is' : `${found.length} kites are`} registered for ${path}, fewer than --replies ${replies}.`,
      `Wait for them with: kitectl wait ${shellQuote(path)} --for count=${replies}`,
    );
  }
  const kites = found.map((each) => ({ ...each, path: kitePath(each.kite) }));
  await new AllKites(options, kites, calls, runtime).run();
}

/** A kite that is being called. */
interface Running {
  readonly controller: AbortController;
  hasAnswered: boolean;
}

class AllKites {
  readonly #options: AllKitesOptions;
  readonly #kites: readonly CalledKite[];
  readonly #calls: AllKitesCalls;
  readonly #runtime: CommandRuntime;
  readonly #spinner: Spinner;
  readonly #gate: InputGate;
  readonly #running = new Set<Running>();
  #answered = 0;
  #succeeded = 0;
  #failures = 0;
  #first: CliError | undefined;

  constructor(
    options: AllKitesOptions,
    kites: readonly CalledKite[],
    calls: AllKitesCalls,
    runtime: CommandRuntime,
  ) {
    this.#options = options;
    this.#kites = kites;
    this.#calls = calls;
    this.#runtime = runtime;
    this.#spinner = new Spinner(runtime);
    this.#gate = new InputGate(runtime);
  }

  async run(): Promise<void> {
    const { signal } = this.#runtime;
    // The answers of all kites are in memory until they are printed.
    this.#runtime.reduceMemoryUse();
    const interrupt = (): void => this.#cancel(() => true, signal.reason);
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      await this.#calls.begin(this.#kites, this.#spinner);
      await this.#spinner.during(this.#progress(), () => this.#askAll());
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
    signal.throwIfAborted();
    this.#throwIfFailed();
  }

  async #askAll(): Promise<void> {
    const queue = [...this.#kites];
    const asked: Promise<void>[] = [];
    const inTurn = async (): Promise<void> => {
      for (let kite = queue.shift(); kite && !this.#isOver; kite = queue.shift()) {
        const next = kite;
        // A stream that has begun may never end, and does not keep others from being called.
        await new Promise<void>((free) => asked.push(this.#ask(next, free)));
      }
    };
    await Promise.all(Array.from({ length: Math.min(CALLED_KITES, queue.length) }, inTurn));
    await Promise.all(asked);
  }

  /** Whether no more kites have to be called. */
  get #isOver(): boolean {
    return this.#runtime.signal.aborted || this.#answered === this.#options.replies;
  }

  async #ask(kite: CalledKite, free: () => void): Promise<void> {
    const running: Running = { controller: new AbortController(), hasAnswered: false };
    this.#running.add(running);
    const { signal } = running.controller;
    const shared = { gate: this.#gate, spinner: this.#spinner, label: kite.path };
    // Node warns about more than ten listeners of a signal.
    const runtime = runtimeWith(this.#runtime, { signal });
    const answered = (): void => {
      signal.throwIfAborted();
      this.#answers(running);
      free();
    };
    try {
      const mayRepeat = (): boolean => !running.hasAnswered;
      const say = (line: string): void =>
        void this.#spinner.clearAndWrite(() => runtime.stderr.write(`${makeVisible(kite.path)}: ${line}\n`));
      await repeated({ ...this.#options, mayRepeat, say }, runtime, () =>
        connectTo(
          [kite],
          this.#options,
          runtime,
          (connected) => this.#calls.ask(kite, connected, signal, answered),
          shared,
        ),
      );
      this.#succeeded++;
    } catch (error) {
      if (!signal.aborted) await this.#failed(kite, toCliError(error));
    } finally {
      this.#running.delete(running);
      this.#spinner.update(this.#progress());
      free();
    }
  }

  #answers(running: Running): void {
    if (running.hasAnswered) return;
    running.hasAnswered = true;
    this.#answered++;
    if (this.#answered === this.#options.replies)
      this.#cancel(({ hasAnswered }) => !hasAnswered, new Error('Enough kites have answered'));
  }

  #cancel(which: (running: Running) => boolean, reason: unknown): void {
    for (const running of this.#running) if (which(running)) running.controller.abort(reason);
  }

  async #failed(kite: CalledKite, error: CliError): Promise<void> {
    this.#failures++;
    this.#first ??= error;
    const printed = this.#calls.failed(kite, error);
    if (printed !== false) return printed;
    const { stderr } = this.#runtime;
    const emphasize = canColor(this.#runtime, stderr) ? red : undefined;
    const text = formatFailure(error.with({ hint: '' }), emphasize);
    await this.#spinner.clearAndWrite(() => write(stderr, text));
  }

  #progress(): string {
    const { length } = this.#kites;
    return `Waiting for ${length === 1 ? 'a kite' : `${length} kites`}, of which ${this.#answered} have answered`;
  }

  #throwIfFailed(): void {
    const { replies = this.#kites.length } = this.#options;
    const first = this.#first;
    if (this.#succeeded >= replies || !first) return;
    throw new CliError(
      `${this.#failures} of ${this.#kites.length} kites failed; the first: ${first.message}`,
      {
        exitCode: first.exitCode,
        type: first.type,
        code: first.code,
        requestId: first.requestId,
        hint: first.hint,
        cause: first,
      },
    );
  }
}
