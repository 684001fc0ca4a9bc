import { Kite, type KiteOptions } from '../../index.js';
import { dial } from '../../transport/dial/dial.js';
import type { NodeDialOptions } from '../../transport/handshake/node-dial-options.js';
import { Relay } from '../../transport/relay/relay.js';
import type { Channel } from '../../transport/channel/channel.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { defaultLimits } from '../../util/limits.js';

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
 * Stands in for a kite that knows nothing of it: under its name, behind a tunnel proxy. What comes through a tunnel goes to
 * a connection of its own to that kite, which authenticates the caller.
 */
export class ExposedKite extends Kite {
  readonly #local: LocalKite;
  readonly #events: SessionEvents;
  readonly #clock: Clock;
  readonly #relays = new Set<Relay>();
  /** Of which something is left. */
  #left = 0;
  #allOver: (() => void) | undefined;
  #last = 0;

  constructor(name: string, version: string, { local, events, ...options }: ExposedKiteOptions) {
    super(name, version, options);
    this.#local = local;
    this.#events = events;
    this.#clock = options.clock ?? systemClock;
    this.beforeClose(() => this.#endSessions());
  }

  protected override acceptTunnel(channel: Channel, ended: () => void): void {
    const session = ++this.#last;
    const relay: Relay = new Relay(channel, {
      limits: defaultLimits,
      ended: () => {
        this.#relays.delete(relay);
        ended();
        this.#events.closed(session, this.#relays.size);
      },
      over: () => {
        if (--this.#left === 0) this.#allOver?.();
      },
    });
    this.#left++;
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
      this.#allOver = resolve;
      for (const relay of this.#relays) relay.close(GO_AWAY_CODE, 'Go away!');
      if (this.#left === 0) resolve();
    });
  }
}

const BAD_GATEWAY_CODE = 1014;
const GO_AWAY_CODE = 3000;
