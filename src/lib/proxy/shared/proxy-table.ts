import type { Request } from '../../kite/serve/request.js';
import { codedError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import { Emitter } from '../../util/emitter.js';
import type { Logger } from '../../util/logger.js';

export type ProxiedPeer = Request['client'];

/** The kite of a new entry. */
export interface ProxyEntryOptions<Target> {
  /** The kite's identity, with the authenticated username. */
  readonly kite: KiteIdentity;
  /** The connection. The entry ends with it. */
  readonly client: ProxiedPeer;
  /** How this kind of proxy reaches the kite. */
  readonly target: Target;
}

/** A session between a caller and a kite. */
export interface ProxySession {
  /** Adds bytes that were sent to the kite or received from it. */
  readonly count: (toKite: number, fromKite: number) => void;
  /** Ends the session. Further calls have no effect. */
  readonly end: () => void;
}

interface TrafficCounts {
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
  /** Time of the registration, in milliseconds since 1970. */
  readonly since: number;
  readonly #counts = zeroCounts();
  readonly #totals: TrafficCounts;

  constructor({ kite, client, target }: ProxyEntryOptions<Target>, since: number, totals: TrafficCounts) {
    this.kite = kite;
    this.client = client;
    this.target = target;
    this.since = since;
    this.#totals = totals;
  }

  get counts(): Readonly<TrafficCounts> {
    return this.#counts;
  }

  /** Opens a session of a caller. The session stays valid after the entry has ended. */
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
  added: [entry: ProxyEntry<Target>];
  /** The kite has disconnected, or has registered again over another connection. */
  ended: [entry: ProxyEntry<Target>];
};

/**
 * Limits of reservations. An id stays reserved for its user after the kite has disconnected, because callers may still have the
 * URL and send their tokens to it: for longer than Kontrol can list a kite without heartbeats.
 */
export type ReservationLimits = Pick<ProxyLimits, 'reservationTime' | 'reservedIds'>;

/** The kites behind a proxy by id. Each connection has at most one, which ends with it. */
export class ProxyTable<Target> extends Emitter<ProxyTableEvents<Target>> {
  readonly #clock: Clock;
  readonly #limits: ReservationLimits;
  readonly #entries = new Map<string, ProxyEntry<Target>>();
  readonly #byClient = new Map<
    ProxiedPeer,
    { readonly entry: ProxyEntry<Target>; readonly unlisten: () => void }
  >();
  /** Reservations by id, in the order in which they end. */
  readonly #reserved = new Map<string, { readonly username: string; readonly expiresAt: number }>();
  readonly #totals = zeroCounts();
  #timer: Timer | undefined;

  constructor(clock: Clock, logger: Logger, limits: ReservationLimits) {
    super(logger);
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Number of reserved ids. */
  get reserved(): number {
    return this.#reserved.size;
  }

  /** Totals of all kites, including disconnected ones. */
  get totals(): Readonly<TrafficCounts> {
    return this.#totals;
  }

  get(id: string): ProxyEntry<Target> | undefined {
    return this.#entries.get(id);
  }

  [Symbol.iterator](): IterableIterator<ProxyEntry<Target>> {
    return this.#entries.values();
  }

  /**
   * Checks that the user can register this id.
   *
   * @throws KiteError with code `idTaken`
   */
  check({ id, username }: KiteIdentity): void {
    const owner = this.#entries.get(id)?.kite.username ?? this.#reserved.get(id)?.username ?? username;
    if (owner === username) return;
    const message = `The kite id ${id} belongs to a kite of another user; it becomes available a few minutes after that kite has disconnected`;
    throw codedError('genericError', 'idTaken', message);
  }

  /**
   * Adds a kite. Ends the previous entry with the same id, and that of the same connection.
   *
   * @throws KiteError with code `idTaken`
   */
  add(options: ProxyEntryOptions<Target>): ProxyEntry<Target> {
    const { kite, client } = options;
    this.check(kite);
    const ofClient = this.#byClient.get(client)?.entry;
    const withId = this.#entries.get(kite.id);
    if (ofClient) this.#end(ofClient);
    if (withId && withId !== ofClient) this.#end(withId);
    this.#reserved.delete(kite.id);
    const entry = new ProxyEntry(options, this.#clock.now(), this.#totals);
    this.#entries.set(kite.id, entry);
    this.#byClient.set(client, { entry, unlisten: client.once('disconnect', () => this.#end(entry)) });
    this.emit('added', entry);
    return entry;
  }

  /** Releases all reservations. */
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
    this.#reserved.set(id, { username, expiresAt: this.#clock.monotonic() + this.#limits.reservationTime });
    if (this.#reserved.size > this.#limits.reservedIds) this.#releaseOldest();
    this.#timer ??= this.#clock.setTimeout(() => this.#expire(), this.#limits.reservationTime);
  }

  #expire(): void {
    this.#timer = undefined;
    for (const { expiresAt } of this.#reserved.values()) {
      const remaining = expiresAt - this.#clock.monotonic();
      if (remaining > 0) {
        this.#timer = this.#clock.setTimeout(() => this.#expire(), remaining);
        return;
      }
      this.#releaseOldest();
    }
  }

  #releaseOldest(): void {
    const first = this.#reserved.keys().next();
    if (!first.done) this.#reserved.delete(first.value);
  }
}

function zeroCounts(): TrafficCounts {
  return { sessions: 0, sessionsTotal: 0, bytesToKite: 0, bytesFromKite: 0 };
}
