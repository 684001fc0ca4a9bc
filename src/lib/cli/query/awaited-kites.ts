import type { Kite, KiteEvent, RemoteKite } from '../../index.js';
import { EndpointPool } from '../../kite/service/endpoint-pool.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { GONE_KITES } from '../runtime/command-limits.js';
import type { FoundKite } from '../target/discovery.js';
import type { WaitCondition } from './wait-condition.js';

/** Kites that are asked at the same time, in addition to those that have to answer. */
const SPARE_CONNECTIONS = 10;

/** How many kites an error lists. */
const LISTED_KITES = 5;

export interface AwaitedKitesOptions {
  readonly condition: WaitCondition;
  /** The kite that pings the others. */
  readonly kite: Pick<Kite, 'newClient'>;
  readonly clock: Clock;
  /** Called when something has changed. */
  readonly changed: () => void;
}

type Seen = Omit<FoundKite, 'token'>;

/** The kites that `wait` has seen, and whether they meet its condition. */
export class AwaitedKites {
  readonly #options: AwaitedKitesOptions;
  readonly #registered = new Map<string, Seen>();
  readonly #gone = new Map<string, Seen>();
  /** Pings the kites until they answer, as a service does before it calls them. */
  readonly #pool: EndpointPool | undefined;
  #isListed = false;

  constructor(options: AwaitedKitesOptions) {
    const { condition, clock, changed } = options;
    this.#options = options;
    if (condition.state !== 'answering') return;
    this.#pool = new EndpointPool({
      clock,
      backoff: undefined,
      region: '',
      seed: '',
      connections: condition.count + SPARE_CONNECTIONS,
      changed,
      suspected: () => {},
      spilled: () => {},
      usable: () => {},
    });
  }

  /** Sets the kites that are registered at the start. `included`: what has changed just before. */
  list(kites: readonly RemoteKite[], included: readonly KiteEvent[] = []): void {
    this.#isListed = true;
    const ids = new Set(kites.map(({ kite }) => kite.id));
    for (const { action, kite } of included)
      if (action === 'DEREGISTER' && !ids.has(kite.kite.id)) this.#remember(seen(kite));
    for (const found of kites) this.#registered.set(found.kite.id, seen(found));
    this.#ask(kites);
    this.#options.changed();
  }

  change({ action, kite: found }: KiteEvent): void {
    const { id } = found.kite;
    const before = this.#registered.get(id);
    // A kite whose connection to Kontrol has dropped, or that has another URL, has to answer again.
    if (before) this.#pool?.remove(before.url, id);
    if (action === 'DEREGISTER') {
      this.#registered.delete(id);
      this.#remember(before ?? seen(found));
    } else {
      this.#registered.set(id, seen(found));
      this.#gone.delete(id);
      this.#ask([found]);
    }
    this.#options.changed();
  }

  /** Whether the condition is met. */
  get isMet(): boolean {
    const { state, count } = this.#options.condition;
    if (state === 'gone') return this.#isListed && this.#registered.size === 0;
    return this.found.length >= count;
  }

  /** The kites for which the condition holds: those that are registered, answer, or have gone. */
  get found(): readonly Seen[] {
    const { state } = this.#options.condition;
    if (state === 'gone') return [...this.#gone.values()];
    if (state === 'answering') return this.#answering();
    // A kite that may have ended does not count. It is listed until Kontrol is sure.
    return [...this.#registered.values()].filter(({ silentSince }) => silentSince === undefined);
  }

  /** Describes what there is, such as `2 registered, 1 answering`. */
  get summary(): string {
    const silent = [...this.#registered.values()].filter(({ silentSince }) => silentSince !== undefined);
    const registered =
      `${this.#registered.size} registered` + (silent.length > 0 ? ` (${silent.length} silent)` : '');
    return this.#pool ? `${registered}, ${this.#answering().length} answering` : registered;
  }

  /** Why the condition does not hold for some of the kites, one line each. */
  get problems(): readonly string[] {
    const { state } = this.#options.condition;
    const lines =
      state === 'gone'
        ? [...this.#registered.values()].map(({ url }) => `${url} is registered`)
        : (this.#pool?.endpoints ?? [])
            .filter(({ link }) => !link)
            .map(({ url, failure }) => `${url}: ${failure ? messageOf(failure) : 'no answer yet'}`);
    const more = lines.length - LISTED_KITES;
    return more > 0 ? [...lines.slice(0, LISTED_KITES), `and ${more} more`] : lines;
  }

  close(): void {
    this.#pool?.close();
  }

  #remember(gone: Seen): void {
    if (this.#options.condition.state !== 'gone') return;
    this.#gone.set(gone.kite.id, gone);
    const [first] = this.#gone.keys();
    if (this.#gone.size > GONE_KITES && first !== undefined) this.#gone.delete(first);
  }

  #answering(): readonly Seen[] {
    return (this.#pool?.endpoints ?? []).flatMap(({ identity, url, link }) =>
      identity && link ? [this.#registered.get(identity.id) ?? { kite: identity, url }] : [],
    );
  }

  #ask(kites: readonly Seen[]): void {
    const { kite: asking } = this.#options;
    this.#pool?.add(
      // A ping needs no credentials.
      ...kites.map(({ kite, url, silentSince }) => ({
        url,
        identity: kite,
        isSilent: silentSince !== undefined,
        newClient: () => asking.newClient(url),
      })),
    );
  }
}

/** Returns what is printed of a kite. */
function seen({ kite, url, registeredAt, silentSince }: RemoteKite): Seen {
  return { kite, url, registeredAt, silentSince };
}
