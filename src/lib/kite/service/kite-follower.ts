import type { KiteQuery } from '../../protocol/query.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { toError } from '../../util/message-of.js';
import type { KiteEvent, KiteWatch } from '../kontrol/kite-watch.js';
import type { RemoteKite } from '../kontrol/remote-kite.js';
import { type KiteSource, watchOrPoll } from '../kontrol/watch-or-poll.js';

export interface KiteFollowerOptions {
  readonly source: KiteSource;
  readonly query: KiteQuery;
  readonly clock: Clock;
  readonly added: (kites: readonly RemoteKite[]) => void;
  /** The connection of a kite to Kontrol has dropped. */
  readonly silent: (kite: RemoteKite) => void;
  /** `id`: that of the kite that has gone. Another kite may have the URL by now. */
  readonly removed: (url: string, id: string) => void;
  /** Kontrol could not be watched, and is tried again after `delay` milliseconds. */
  readonly failed: (error: Error, delay: number) => void;
}

/** Reports the kites that match a query, from when Kontrol can be reached until `cancel`. */
export class KiteFollower {
  /** Resolves when the kites are known for the first time, or the watch was canceled. */
  readonly known: Promise<void>;
  /** Why Kontrol could not be watched. Undefined while it is. */
  failure: Error | undefined;
  readonly #options: KiteFollowerOptions;
  readonly #backoff = new Backoff();
  /** The kites by id. Two have the same URL until the lease of a program that was replaced ends. */
  readonly #kites = new Map<string, RemoteKite>();
  #isKnown: () => void = () => {};
  #watch: KiteWatch | undefined;
  #retry: Timer | undefined;
  #isCanceled = false;

  constructor(options: KiteFollowerOptions) {
    this.#options = options;
    this.known = new Promise((resolve) => (this.#isKnown = resolve));
    void this.#start();
  }

  /** Watches at once if the next attempt is later. */
  wake(): void {
    if (!this.#retry) return;
    this.#backoff.reset();
    void this.#start();
  }

  cancel(): void {
    this.#isCanceled = true;
    this.#retry?.cancel();
    this.#watch?.cancel();
    this.#isKnown();
  }

  async #start(): Promise<void> {
    const { source, query, clock } = this.#options;
    this.#retry?.cancel();
    this.#retry = undefined;
    try {
      const watch = await watchOrPoll(source, query, {
        listener: (event) => this.#changed(event),
        polling: () => {},
        failed: () => {},
        clock,
      });
      if (this.#isCanceled) watch.cancel();
      else this.#watching(watch);
    } catch (error) {
      this.#failed(error);
    }
  }

  #watching(watch: KiteWatch): void {
    this.#watch = watch;
    this.failure = undefined;
    const { kites } = watch;
    for (const found of kites) this.#kites.set(found.kite.id, found);
    this.#options.added(kites);
    this.#isKnown();
  }

  #failed(error: unknown): void {
    if (this.#isCanceled) return;
    this.failure = toError(error);
    const delay = this.#backoff.next();
    this.#retry = this.#options.clock.setTimeout(() => void this.#start(), delay);
    this.#options.failed(this.failure, delay);
  }

  #changed({ action, kite: found }: KiteEvent): void {
    if (this.#isCanceled) return;
    if (action === 'SILENT') return this.#options.silent(found);
    const { id } = found.kite;
    const before = this.#kites.get(id)?.url;
    if (action === 'REGISTER') this.#kites.set(id, found);
    else this.#kites.delete(id);
    if (before !== undefined && (action === 'DEREGISTER' || before !== found.url)) this.#gone(before, id);
    if (action === 'REGISTER') this.#options.added([found]);
  }

  /** A kite is not at a URL any more. Another one may be. */
  #gone(url: string, id: string): void {
    const other = [...this.#kites.values()].find((found) => found.url === url);
    if (other) this.#options.added([other]);
    this.#options.removed(url, id);
  }
}
