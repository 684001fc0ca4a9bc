import { Kite, type KiteOptions } from '../../index.js';
import { makeBudgets } from '../../transport/channel/memory-budget.js';
import { dial } from '../../transport/dial/dial.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import type { NodeDialOptions } from '../../transport/handshake/node-dial-options.js';
import { type Outgoing, outgoing } from '../../transport/handshake/outgoing.js';
import { Relay } from '../../transport/relay/relay.js';
import type { Channel } from '../../transport/channel/channel.js';
import { type Clock, systemClock } from '../../util/clock.js';
import type { ReplacedParts } from '../../kite/kite-options.js';
import { defaultLimits } from '../../kite/limits/kite-limits.js';
import { BAD_GATEWAY_CODE, GO_AWAY_CODE, GO_AWAY_REASON } from '../../transport/channel/close-code.js';

/** The address and the transport of the kite to expose. */
export interface LocalKite {
  readonly url: string;
  readonly transport: NodeDialOptions['transport'];
}

/** Events of callers' sessions, which are numbered from 1. `sessions` is the number of open ones. */
export interface SessionEvents {
  opened(session: number, sessions: number): void;
  closed(session: number, sessions: number): void;
  /** The exposed kite could not be reached for this session. */
  failed(session: number, error: unknown): void;
}

export interface ExposedKiteOptions extends KiteOptions, Pick<ReplacedParts, 'admitPeer' | 'connectAt'> {
  readonly local: LocalKite;
  /** Finds the proxy of the connections to the exposed kite. */
  readonly findProxy: FindProxy;
  readonly events: SessionEvents;
  readonly clock?: Clock;
}

/** Timeout for connecting to the exposed kite, in milliseconds. */
const DIAL_TIMEOUT = 10_000;

/**
 * Registers instead of another kite with a tunnel proxy, and relays each tunnel to its own connection to that kite. The
 * exposed kite authenticates the callers.
 */
export class ExposedKite {
  /** The kite that is registered. */
  readonly kite: Kite;
  readonly #local: LocalKite;
  readonly #events: SessionEvents;
  readonly #clock: Clock;
  readonly #access: Outgoing;
  readonly #findProxy: FindProxy;
  readonly #relays = new Set<Relay>();
  /** The number of relays with an end that is still open. */
  #openRelays = 0;
  #allClosed: (() => void) | undefined;
  #lastSession = 0;
  /** The budgets of the tunnels and of the connections to the exposed kite. */
  readonly #budgets = makeBudgets(defaultLimits);

  constructor(
    name: string,
    version: string,
    { local, events, findProxy, admitPeer, connectAt, ...options }: ExposedKiteOptions,
  ) {
    this.#local = local;
    this.#events = events;
    this.#access = outgoing(options.serverAccess ?? {});
    this.#clock = options.clock ?? systemClock;
    this.#findProxy = findProxy;
    this.kite = new Kite(name, version, options, {
      admitPeer,
      connectAt,
      budgets: this.#budgets,
      acceptTunnel: (channel, ended) => this.#acceptTunnel(channel, ended),
    });
    this.kite.beforeClose(() => this.#closeSessions());
  }

  #acceptTunnel(channel: Channel, ended: () => void): void {
    const session = ++this.#lastSession;
    const relay: Relay = new Relay(channel, {
      limits: defaultLimits,
      input: this.#budgets.input,
      ended: () => {
        this.#relays.delete(relay);
        ended();
        this.#events.closed(session, this.#relays.size);
      },
      bothEnded: () => {
        if (--this.#openRelays === 0) this.#allClosed?.();
      },
    });
    this.#openRelays++;
    this.#relays.add(relay);
    this.#events.opened(session, this.#relays.size);
    dial(this.#local.url, {
      transport: this.#local.transport,
      handshakeTimeout: DIAL_TIMEOUT,
      limits: defaultLimits,
      clock: this.#clock,
      findProxy: this.#findProxy,
      budgets: { output: this.#budgets.output, frames: this.#budgets.frames },
      ...this.#access,
    }).then(
      (local) => relay.join(local),
      (error: unknown) => {
        this.#events.failed(session, error);
        relay.close(BAD_GATEWAY_CODE, 'The kite cannot be reached');
      },
    );
  }

  /** Closes all sessions and waits for the close handshakes, because some kites fail if a connection is dropped. */
  #closeSessions(): Promise<void> {
    return new Promise((resolve) => {
      this.#allClosed = resolve;
      for (const relay of this.#relays) relay.close(GO_AWAY_CODE, GO_AWAY_REASON);
      if (this.#openRelays === 0) resolve();
    });
  }
}
