import type { KiteEvent, RemoteKite } from '../../index.js';
import type { Clock, Timer } from '../../util/clock.js';
import { changeOf } from '../../kite/kontrol/kite-watch.js';
import { byId, differences } from '../../kite/kontrol/watch-or-poll.js';

/**
 * Milliseconds that a kite has to register again after this program has connected again. Kites try to connect to Kontrol at least
 * every ten seconds.
 */
export const RETURN_TIME = 15_000;

/**
 * The kites that the user knows of. A Kontrol that has been restarted can be empty until its kites have registered again, so a kite
 * that is missing then is reported only if it does not return.
 */
export class KnownKites {
  readonly #report: (event: KiteEvent) => void;
  readonly #clock: Clock;
  readonly #kites = new Map<string, RemoteKite>();
  readonly #missing = new Map<string, RemoteKite>();
  #timer: Timer | undefined;

  constructor(report: (event: KiteEvent) => void, clock: Clock) {
    this.#report = report;
    this.#clock = clock;
  }

  /** Sets the kites that the user knows of. */
  start(kites: readonly RemoteKite[]): void {
    for (const found of kites) this.#kites.set(found.kite.id, found);
  }

  /** Reports a change. */
  changed({ action, kite: found }: KiteEvent): void {
    const { id } = found.kite;
    this.#missing.delete(id);
    const known = this.#kites.get(id);
    if (action === 'DEREGISTER') this.#kites.delete(id);
    else this.#kites.set(id, found);
    const news = action === 'DEREGISTER' ? known && action : changeOf(known, found);
    if (news) this.#report({ action: news, kite: found });
  }

  /** Reports the changes that were missed before a new connection, whose Kontrol lists `kites`. */
  resume(kites: readonly RemoteKite[]): void {
    this.pause();
    for (const event of differences(this.#kites, byId(kites))) {
      if (event.action !== 'DEREGISTER') this.changed(event);
      else this.#missing.set(event.kite.kite.id, event.kite);
    }
    if (this.#missing.size > 0) this.#timer = this.#clock.setTimeout(() => this.#giveUp(), RETURN_TIME);
  }

  /** Ends the wait for missing kites, because the connection is lost. */
  pause(): void {
    this.#timer?.cancel();
    this.#missing.clear();
  }

  #giveUp(): void {
    for (const kite of this.#missing.values()) this.changed({ action: 'DEREGISTER', kite });
  }
}
