import type { Client, KiteEvent, KiteWatch, RemoteKite } from '../../index.js';
import { isPermanentFailure } from '../../kite/kontrol/permanent-failure.js';
import { isKiteError, KiteError } from '../../protocol/errors.js';
import { isShutdown } from '../../transport/channel/close-code.js';
import type { KiteQuery } from '../../protocol/query.js';
import { Backoff } from '../../util/backoff.js';
import { isCliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { pause } from '../runtime/pause.js';
import { POLL_INTERVAL, watchOrPoll } from '../../kite/kontrol/watch-or-poll.js';
import type { KontrolSession } from '../target/with-kontrol.js';
import { KnownKites } from './known-kites.js';
import { LossReport } from './loss-report.js';

export interface FollowOptions {
  readonly query: KiteQuery;
  /**
   * Called once, with the kites that are registered at the start, and the changes that were reported before and led to them. Later
   * changes wait until it resolves.
   */
  readonly listed:
    | ((kites: readonly RemoteKite[], included: readonly KiteEvent[]) => Promise<void>)
    | undefined;
  readonly changed: (event: KiteEvent) => void;
  /** Writes a line about the connection to Kontrol. Default: to stderr. */
  readonly say?: (line: string) => void;
}

/** Milliseconds after which a connection counts as stable. The delays before new attempts then start from the shortest again. */
const STABLE_TIME = 10_000;

/**
 * Reports the changes of the kites that match a query until the command is interrupted. When the connection to Kontrol is lost,
 * says so, connects again, and reports what has changed in between.
 *
 * @throws the reason of the interruption, the error of the first attempt, or that of a later one that Kontrol rejects for good
 */
export async function followKites(
  session: KontrolSession,
  options: FollowOptions,
  runtime: CommandRuntime,
): Promise<never> {
  const { signal } = runtime;
  const following = new Following(session, options, runtime);
  const backoff = new Backoff();
  for (let first = true; ; first = false) {
    const start = runtime.now();
    const failure = await following.follow(first).catch((error: unknown) => {
      signal.throwIfAborted();
      if (first || isFinal(error)) throw error;
      return error;
    });
    if (isFinal(failure)) throw failure;
    following.lost(failure);
    if (runtime.now() - start > STABLE_TIME) backoff.reset();
    await pause(backoff.next(), signal);
  }
}

/** Whether another attempt cannot succeed. A peer that may not get the kite key fails with a CliError. */
function isFinal(error: unknown): boolean {
  return isPermanentFailure(error) || (isKiteError(error) && isCliError(error.cause));
}

class Following {
  readonly #session: KontrolSession;
  readonly #options: FollowOptions;
  readonly #runtime: CommandRuntime;
  readonly #known: KnownKites;
  readonly #report = new LossReport((line) => this.#say(line));
  #polls = false;

  constructor(session: KontrolSession, options: FollowOptions, runtime: CommandRuntime) {
    this.#session = session;
    this.#options = options;
    this.#runtime = runtime;
    this.#known = new KnownKites(options.changed, runtime.clock);
  }

  /** Follows the kites on one connection. Resolves with the reason for its end, and rejects if it could not start. */
  async follow(first: boolean): Promise<unknown> {
    const { kontrol, spinner, gate } = this.#session;
    let failed: (error: unknown) => void = () => {};
    const failure = new Promise<unknown>((resolve) => {
      failed = resolve;
    });
    // Changes that arrive before the list has been printed. No others are read until then.
    const early: KiteEvent[] = [];
    let ready = false;
    let release: (() => void) | undefined;
    const listener = (event: KiteEvent): void => {
      if (ready) return this.#known.changed(event);
      early.push(event);
      release ??= gate.hold();
    };
    let watching: KiteWatch | undefined;
    try {
      const client = await kontrol.connect();
      const start = (): Promise<KiteWatch> =>
        watchOrPoll(kontrol, this.#options.query, {
          listener,
          polling: () => this.#notePolling(),
          failed,
          clock: this.#runtime.clock,
        });
      watching = await (first ? spinner.during(`Looking for kites at ${client.url}`, start) : start());
      if (first) await this.#start(watching.kites, early);
      else this.#resume(watching.kites, client);
      ready = true;
      release?.();
      return await this.#untilLost(client, failure);
    } finally {
      if (!ready) release?.();
      watching?.cancel();
      this.#known.pause();
    }
  }

  lost(error: unknown): void {
    this.#report.lost(error);
  }

  /** Reports the kites at the start, and the changes that have arrived meanwhile. */
  async #start(kites: readonly RemoteKite[], early: KiteEvent[]): Promise<void> {
    const { listed, changed } = this.#options;
    this.#known.start(kites);
    // The list already includes the changes that have arrived before it.
    const included = early.splice(0);
    if (listed) await listed(kites, included);
    else for (const event of included) changed(event);
    for (const event of early) this.#known.changed(event);
  }

  #resume(kites: readonly RemoteKite[], { url }: Pick<Client, 'url'>): void {
    this.#report.connected(url);
    this.#known.resume(kites);
  }

  #notePolling(): void {
    if (this.#polls) return;
    this.#polls = true;
    const seconds = POLL_INTERVAL / 1000;
    this.#say(
      `note: This Kontrol does not report changes, like every Kontrol of the Go implementation. It is queried every ${seconds} s.`,
    );
  }

  #say(line: string): void {
    const { say } = this.#options;
    if (say) return say(line);
    const { spinner } = this.#session;
    spinner.clearAndWrite(() => this.#runtime.stderr.write(`${line}\n`));
  }

  /** Resolves when the connection has closed, or with the failure of a query. Rejects when the command is interrupted. */
  #untilLost(client: Client, failure: Promise<unknown>): Promise<unknown> {
    const { signal } = this.#runtime;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        off();
        signal.removeEventListener('abort', aborted);
      };
      const lost = (error: unknown): void => {
        end();
        resolve(error);
      };
      const aborted = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const off = client.on('disconnect', (_code, reason) => lost(lostError(client.url, reason)));
      signal.addEventListener('abort', aborted, { once: true });
      void failure.then(lost);
      if (signal.aborted) aborted();
      else if (!client.connected) lost(lostError(client.url, ''));
    });
  }
}

function lostError(url: string, reason: string): KiteError {
  const why = reason === '' ? '' : `: ${isShutdown(reason) ? 'Kontrol closed it' : reason}`;
  return new KiteError('disconnect', `The connection to Kontrol at ${url} was lost${why}`);
}
