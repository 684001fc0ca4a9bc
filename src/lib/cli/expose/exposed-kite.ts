import { Kite, type KiteOptions } from '../../index.js';
import { dial } from '../../transport/dial/dial.js';
import type { NodeDialOptions } from '../../transport/handshake/node-dial-options.js';
import { Relay } from '../../transport/relay/relay.js';
import type { Channel } from '../../transport/channel/channel.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';

/** A kite as it is dialled. */
export interface LocalKite {
  readonly url: string;
  readonly transport: NodeDialOptions['transport'];
}

/** What happens to the sessions of callers, numbered from 1. */
export interface SessionEvents {
  opened(session: number, sessions: number): void;
  closed(session: number, sessions: number): void;
  /** The exposed kite could not be reached for a caller. */
  failed(session: number, error: unknown): void;
}

export interface ExposedKiteOptions extends KiteOptions {
  readonly local: LocalKite;
  readonly events: SessionEvents;
  readonly clock?: Clock;
}

/** Milliseconds in which the exposed kite has to take a connection. */
const PATIENCE = 10_000;

/**
 * Stands in for a kite that knows nothing of it: a kite of the same name behind a tunnel proxy, whose tunnels lead to
 * connections of their own to that kite, which authenticates the caller.
 */
export class ExposedKite {
  /** The kite that is registered. */
  readonly kite: Kite;
  readonly #local: LocalKite;
  readonly #events: SessionEvents;
  readonly #clock: Clock;
  readonly #relays = new Set<Relay>();
  /** The number of relays with an end that is still open. */
  #open = 0;
  #allClosed: (() => void) | undefined;
  #last = 0;

  constructor(name: string, version: string, { local, events, ...options }: ExposedKiteOptions) {
    this.#local = local;
    this.#events = events;
    this.#clock = options.clock ?? systemClock;
    this.kite = new Kite(name, version, options, {
      acceptTunnel: (channel, ended) => this.#acceptTunnel(channel, ended),
    });
    this.kite.beforeClose(() => this.#endSessions());
  }

  #acceptTunnel(channel: Channel, ended: () => void): void {
    const session = ++this.#last;
    const relay: Relay = new Relay(channel, {
      limits: defaultLimits,
      ended: () => {
        this.#relays.delete(relay);
        ended();
        this.#events.closed(session, this.#relays.size);
      },
      bothEnded: () => {
        if (--this.#open === 0) this.#allClosed?.();
      },
    });
    this.#open++;
    this.#relays.add(relay);
    this.#events.opened(session, this.#relays.size);
    dial(this.#local.url, {
      transport: this.#local.transport,
      handshakeTimeout: PATIENCE,
      limits: defaultLimits,
      clock: this.#clock,
    }).then(
      (local) => relay.join(local),
      (error: unknown) => {
        this.#events.failed(session, error);
        relay.close(BAD_GATEWAY_CODE, 'The kite cannot be reached');
      },
    );
  }

  /** Says goodbye to everybody, and waits for the answers: there are kites that do not bear a connection that just drops. */
  #endSessions(): Promise<void> {
    return new Promise((resolve) => {
      this.#allClosed = resolve;
      for (const relay of this.#relays) relay.close(GO_AWAY_CODE, 'Go away!');
      if (this.#open === 0) resolve();
    });
  }
}

const BAD_GATEWAY_CODE = 1014;
const GO_AWAY_CODE = 3000;
