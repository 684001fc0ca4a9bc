import { shellQuote } from '../../keys/secret-access.js';
import { Backoff } from '../../util/backoff.js';
import { formatDuration } from '../../util/duration.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { type CommandRuntime, runtimeWith } from '../runtime/command-runtime.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { pause } from '../runtime/pause.js';
import { waitSettings } from '../settings/connection-settings.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { sortByPath } from '../target/sort-by-path.js';
import { type KontrolSession, withKontrol } from '../target/with-kontrol.js';
import { printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { Spinner } from '../terminal/spinner.js';
import { AwaitedKites } from './awaited-kites.js';
import { followKites } from './follow-kites.js';
import { kiteListing, queryBuilder } from './query-kites.js';
import { describeCondition, type WaitCondition } from './wait-condition.js';

export interface WaitOptions extends KontrolCommandOptions {
  readonly path: string;
  readonly condition: WaitCondition;
  readonly format: OutputFormat | undefined;
}

/** Longest delay between two attempts to reach Kontrol, in milliseconds: it is often one that has just been started. */
const MAX_RETRY_DELAY = 2000;

/** The exit codes of failures to reach Kontrol that another attempt may not have. */
const TRANSIENT: ReadonlySet<number> = new Set([ExitCode.unreachable, ExitCode.deadline, ExitCode.rateLimit]);

/**
 * Waits until the kites of a query meet a condition, and prints those that do: like `query`, with JSON as one line each. A Kontrol
 * that cannot be reached is tried again until the timeout.
 *
 * @throws CliError with exit code 124 at the timeout, after it has printed the kites for which the condition holds
 */
export async function wait(options: WaitOptions, runtime: CommandRuntime): Promise<void> {
  const waiting = new Waiting(options, runtime);
  try {
    await waiting.run();
  } finally {
    await waiting.print();
  }
}

class Waiting {
  readonly #options: WaitOptions;
  readonly #runtime: CommandRuntime;
  /** `waiting for 3 kites of /bob/prod/math to answer`. */
  readonly #operation: string;
  readonly #timeout: number;
  readonly #buildQuery: ReturnType<typeof queryBuilder>;
  readonly #spinner: Spinner;
  /** Aborted when the wait is over: the condition is met, the time has passed, or the command is interrupted. */
  readonly #end = new AbortController();
  #kites: AwaitedKites | undefined;
  #isMet = false;
  #found: AwaitedKites['found'] = [];
  /** The last failure to reach Kontrol. Undefined while it is connected. */
  #failure: CliError | undefined;

  constructor(options: WaitOptions, runtime: CommandRuntime) {
    const { path, condition, settings } = options;
    this.#options = options;
    this.#runtime = runtime;
    this.#operation = `waiting for ${describeCondition(condition, path)}`;
    this.#timeout = settings.value(waitSettings.timeout);
    this.#buildQuery = queryBuilder({ path });
    this.#spinner = new Spinner(runtime);
  }

  /** Resolves when the condition is met. */
  async run(): Promise<void> {
    const { signal, clock } = this.#runtime;
    const interrupt = (): void => this.#end.abort(signal.reason);
    const timer =
      this.#timeout > 0
        ? clock.setTimeout(() => this.#end.abort(this.#timedOut()), this.#timeout)
        : undefined;
    signal.addEventListener('abort', interrupt, { once: true });
    if (signal.aborted) interrupt();
    try {
      await this.#spinner.during(this.#progress(), () => this.#attempts());
    } catch (error) {
      if (!this.#isMet) throw this.#end.signal.aborted ? this.#end.signal.reason : error;
    } finally {
      timer?.cancel();
      signal.removeEventListener('abort', interrupt);
    }
  }

  /** Prints the kites for which the condition holds. */
  async print(): Promise<void> {
    if (this.#runtime.signal.aborted || this.#found.length === 0) return;
    const { format } = this.#options;
    // A program can read the kites one by one, as from other commands that follow Kontrol.
    const lines = format === 'json' ? 'ndjson' : format;
    await printList(sortByPath(this.#found), kiteListing, lines, this.#runtime);
  }

  async #attempts(): Promise<never> {
    const { signal } = this.#end;
    // Its own spinner shows the progress of all attempts.
    const runtime = runtimeWith(this.#runtime, { signal, env: { ...this.#runtime.env, TERM: 'dumb' } });
    const backoff = new Backoff({ max: MAX_RETRY_DELAY });
    for (;;) {
      const failure = await withKontrol(this.#options.settings, this.#operation, runtime, (session) =>
        this.#follow(session, runtime),
      ).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!isCliError(error) || !TRANSIENT.has(error.exitCode)) throw error;
        return error;
      });
      this.#failure = failure;
      this.#spinner.update(this.#progress());
      await pause(backoff.next(), signal);
    }
  }

  async #follow(session: KontrolSession, runtime: CommandRuntime): Promise<never> {
    const { condition } = this.#options;
    const changed = (): void => this.#check();
    const kites = new AwaitedKites({ condition, kite: session.kite, clock: runtime.clock, changed });
    this.#kites = kites;
    this.#failure = undefined;
    const following = followKites(
      session,
      {
        query: this.#buildQuery(session),
        listed: async (found, included) => kites.list(found, included),
        changed: (event) => kites.change(event),
        say: (line) => this.#say(line),
      },
      runtime,
    );
    try {
      return await following;
    } finally {
      kites.close();
    }
  }

  #check(): void {
    const kites = this.#kites;
    if (!kites || this.#end.signal.aborted) return;
    this.#spinner.update(this.#progress());
    this.#found = kites.found;
    if (!kites.isMet) return;
    this.#isMet = true;
    this.#end.abort(new Error('The condition is met'));
  }

  #progress(): string {
    const { path, condition } = this.#options;
    const what = `Waiting for ${describeCondition(condition, path)}`;
    if (this.#failure) return `${what}: ${this.#failure.message}`;
    return this.#kites ? `${what}: ${this.#kites.summary}` : what;
  }

  /** Tells a person about the connection to Kontrol. A script learns from the error at the end what was missing. */
  #say(line: string): void {
    const { stderr } = this.#runtime;
    if (stderr.isTTY === true) this.#spinner.clearAndWrite(() => stderr.write(`${line}\n`));
  }

  #timedOut(): CliError {
    const { path } = this.#options;
    const seen = this.#failure
      ? `Kontrol cannot be reached: ${this.#failure.message}`
      : [this.#kites?.summary ?? 'Kontrol has not answered', ...(this.#kites?.problems ?? [])].join('; ');
    return new CliError(`not within ${formatDuration(this.#timeout)}: ${seen}`, {
      exitCode: ExitCode.deadline,
      type: 'timeout',
      operation: this.#operation,
      hint:
        this.#failure?.hint ||
        `Allow more time with --timeout, or list the kites with: kitectl query ${shellQuote(path)}`,
      cause: this.#failure,
    });
  }
}
