import type { Request } from '../../kite/serve/request.js';
import { codedError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { Emitter } from '../../util/emitter.js';

export type ProxiedPeer = Request['client'];

/** Who wants to be behind the proxy. */
export interface Registrant<Target> {
  /** With the authenticated user. */
  readonly kite: KiteIdentity;
  /** The connection, with which the entry ends. */
  readonly client: ProxiedPeer;
  /** What this kind of proxy has to know to reach the kite. */
  readonly target: Target;
}

/** A session of a caller with a kite behind the proxy. */
export interface ProxySession {
  /** Bytes have gone to the kite, or have come from it. */
  readonly count: (toKite: number, fromKite: number) => void;
  /** May be called more than once. */
  readonly end: () => void;
}

interface Counts {
  sessions: number;
  sessionsTotal: number;
  bytesToKite: number;
  bytesFromKite: number;
}

/** A kite behind the proxy. */
export class ProxyEntry<Target> {
  readonly kite: KiteIdentity;
  readonly client: ProxiedPeer;
  readonly target: Target;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly #counts = newCounts();
  readonly #totals: Counts;

  constructor({ kite, client, target }: Registrant<Target>, since: number, totals: Counts) {
    this.kite = kite;
    this.client = client;
    this.target = target;
    this.since = since;
    this.#totals = totals;
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** A caller has come. Counts on where the entry has ended meanwhile. */
  openSession(): ProxySession {
    const both = [this.#counts, this.#totals] as const;
    for (const counts of both) {
      counts.sessions++;
      counts.sessionsTotal++;
    }
    let open = true;
    return {
      count(toKite, fromKite) {
        for (const counts of both) {
          counts.bytesToKite += toKite;
          counts.bytesFromKite += fromKite;
        }
      },
      end() {
        if (!open) return;
        open = false;
        for (const counts of both) counts.sessions--;
      },
    };
  }
}

export type ProxyTableEvents<Target> = {
  /** The kite's connection has ended, or the kite has come back over another one. */
  ended: [entry: ProxyEntry<Target>];
};

/**
 * An id stays with its user for a while after the kite is gone. Others may still hold the URL with it and send their tokens there:
 * for as long as Kontrol may list a kite that it does not hear of any more, and some more.
 */
export type ReservationLimits = Pick<ProxyLimits, 'reservationTime' | 'reservedIds'>;

/** The kites behind a proxy by id: one for each connection, and as long as it. */
export class ProxyTable<Target> extends Emitter<ProxyTableEvents<Target>> {
  readonly #clock: Clock;
  readonly #limits: ReservationLimits;
  readonly #entries = new Map<string, ProxyEntry<Target>>();
  readonly #byClient = new Map<
    ProxiedPeer,
    { readonly entry: ProxyEntry<Target>; readonly unlisten: () => void }
  >();
  /** In the order in which they end. */
  readonly #reserved = new Map<string, { readonly username: string; readonly until: number }>();
  readonly #totals = newCounts();
  #timer: Timer | undefined;

  constructor(clock: Clock, limits: ReservationLimits) {
    super();
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Ids that are kept for users whose kites are gone. */
  get reserved(): number {
    return this.#reserved.size;
  }

  /** Of all kites, those that are gone included. */
  get totals(): Readonly<Counts> {
    return this.#totals;
  }

  get(id: string): ProxyEntry<Target> | undefined {
    return this.#entries.get(id);
  }

  [Symbol.iterator](): IterableIterator<ProxyEntry<Target>> {
    return this.#entries.values();
  }

  /**
   * Checks that the id is free for this user.
   *
   * @throws KiteError with code `idTaken`
   */
  check({ id, username }: KiteIdentity): void {
    const owner = this.#entries.get(id)?.kite.username ?? this.#reserved.get(id)?.username ?? username;
    if (owner === username) return;
    const message = `The kite id ${id} belongs to another user's kite here; it is free some minutes after that kite is gone`;
    throw codedError('genericError', 'idTaken', message);
  }

  /**
   * Puts a kite in. An entry of the same id, or of the same connection, ends with that.
   *
   * @throws KiteError with code `idTaken`
   */
  enter(registrant: Registrant<Target>): ProxyEntry<Target> {
    const { kite, client } = registrant;
    this.check(kite);
    const known = this.#byClient.get(client)?.entry;
    const before = this.#entries.get(kite.id);
    if (known) this.#end(known);
    if (before && before !== known) this.#end(before);
    this.#reserved.delete(kite.id);
    const entry = new ProxyEntry(registrant, this.#clock.now(), this.#totals);
    this.#entries.set(kite.id, entry);
    this.#byClient.set(client, { entry, unlisten: client.once('disconnect', () => this.#end(entry)) });
    return entry;
  }

  /** Keeps no ids any more. */
  close(): void {
    this.#timer?.cancel();
    this.#reserved.clear();
  }

  #end(entry: ProxyEntry<Target>): void {
    const { id, username } = entry.kite;
    this.#byClient.get(entry.client)?.unlisten();
    this.#byClient.delete(entry.client);
    if (this.#entries.get(id) !== entry) return;
    this.#entries.delete(id);
    this.#reserve(id, username);
    this.emit('ended', entry);
  }

  #reserve(id: string, username: string): void {
    this.#reserved.delete(id);
    this.#reserved.set(id, { username, until: this.#clock.now() + this.#limits.reservationTime });
    if (this.#reserved.size > this.#limits.reservedIds) this.#forgetFirst();
    this.#timer ??= this.#clock.setTimeout(() => this.#expire(), this.#limits.reservationTime);
  }

  #expire(): void {
    this.#timer = undefined;
    for (const { until } of this.#reserved.values()) {
      const left = until - this.#clock.now();
      if (left > 0) {
        this.#timer = this.#clock.setTimeout(() => this.#expire(), left);
        return;
      }
      this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    const first = this.#reserved.keys().next();
    if (!first.done) this.#reserved.delete(first.value);
  }
}

function newCounts(): Counts {
  return { sessions: 0, sessionsTotal: 0, bytesToKite: 0, bytesFromKite: 0 };
}
