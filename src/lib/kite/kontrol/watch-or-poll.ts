import { hasCode } from '../../protocol/errors.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { Clock, Timer } from '../../util/clock.js';
import { changeOf, type KiteEvent, type KiteWatch } from './kite-watch.js';
import { isNoKitesFound } from './kontrol-responses.js';
import type { RemoteKite } from './remote-kite.js';

/** Milliseconds between two queries of a Kontrol that does not report changes. */
export const POLL_INTERVAL = 2000;

/** A client of Kontrol. */
export interface KiteSource {
  getKites(query: KiteQuery): Promise<readonly RemoteKite[]>;
  watchKites(query: KiteQuery, listener: (event: KiteEvent) => void): Promise<KiteWatch>;
}

export interface WatchOrPollOptions {
  readonly listener: (event: KiteEvent) => void;
  /** Called if Kontrol does not report changes, before it is queried for the first time. */
  readonly polling: () => void;
  /** Called when a query fails. The next one is sent all the same. */
  readonly failed: (error: unknown) => void;
  readonly clock: Clock;
}

/** Watches the kites that match a query. A Kontrol that cannot be watched, such as that of Go, is queried periodically. */
export async function watchOrPoll(
  source: KiteSource,
  query: KiteQuery,
  options: WatchOrPollOptions,
): Promise<KiteWatch> {
  try {
    return await source.watchKites(query, options.listener);
  } catch (error) {
    // A Kontrol that can be watched reports no kites as an empty list.
    if (!hasCode(error, 'noWatch') && !isNoKitesFound(error)) throw error;
  }
  options.polling();
  return PollingWatch.start(() => source.getKites(query), options);
}

/** Reports the differences between successive results of a query. */
class PollingWatch implements KiteWatch {
  readonly #query: () => Promise<readonly RemoteKite[]>;
  readonly #options: WatchOrPollOptions;
  #kites: ReadonlyMap<string, RemoteKite>;
  #timer: Timer | undefined;
  #canceled = false;

  private constructor(
    query: () => Promise<readonly RemoteKite[]>,
    kites: readonly RemoteKite[],
    options: WatchOrPollOptions,
  ) {
    this.#query = query;
    this.#options = options;
    this.#kites = byId(kites);
    this.#wait();
  }

  static async start(
    query: () => Promise<readonly RemoteKite[]>,
    options: WatchOrPollOptions,
  ): Promise<KiteWatch> {
    return new PollingWatch(query, await query(), options);
  }

  get kites(): readonly RemoteKite[] {
    return [...this.#kites.values()];
  }

  cancel(): void {
    this.#canceled = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#options.clock.setTimeout(() => void this.#poll(), POLL_INTERVAL);
  }

  async #poll(): Promise<void> {
    try {
      const kites = byId(await this.#query());
      if (this.#canceled) return;
      const known = this.#kites;
      this.#kites = kites;
      for (const event of differences(known, kites)) this.#options.listener(event);
    } catch (error) {
      if (!this.#canceled) this.#options.failed(error);
    }
    if (!this.#canceled) this.#wait();
  }
}

/** Returns the changes that turn the kites `before` into the kites `after`. */
export function differences(
  before: ReadonlyMap<string, RemoteKite>,
  after: ReadonlyMap<string, RemoteKite>,
): KiteEvent[] {
  const gone = [...before.values()].filter(({ kite }) => !after.has(kite.id));
  const changed = [...after.values()].flatMap((kite): KiteEvent[] => {
    const action = changeOf(before.get(kite.kite.id), kite);
    return action ? [{ action, kite }] : [];
  });
  return [...gone.map((kite): KiteEvent => ({ action: 'DEREGISTER', kite })), ...changed];
}

/** Returns the kites by their ids. */
export function byId(kites: readonly RemoteKite[]): ReadonlyMap<string, RemoteKite> {
  return new Map(kites.map((found) => [found.kite.id, found]));
}
