import { randomUUID } from 'node:crypto';
import type { Relay } from '../../transport/relay/relay.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import type { ProxyEntry } from '../shared/proxy-table.js';
import { TunnelTokens } from './tunnel-tokens.js';

/** The path under which kites open tunnels. */
export const TUNNELS_PATH = '/tunnel';

type TunnelEntry = ProxyEntry<string>;

/** A caller that waits for the kite to open a tunnel. */
export interface WaitingCaller {
  readonly tunnel: number;
  /** Path and query that the kite must dial, below the proxy's origin. */
  readonly path: string;
}

interface PendingTunnel {
  readonly entry: TunnelEntry;
  readonly relay: Relay;
  /** Path that the kite must dial, without the query. */
  readonly path: string;
  readonly timer: Timer;
}

export interface WaitingCallersOptions {
  readonly limits: Pick<ProxyLimits, 'tunnelTimeout' | 'waitingCallers'>;
  readonly clock: Clock;
  /** Called if the kite does not open the tunnel in time. */
  readonly onTimeout: (relay: Relay) => void;
}

/** Callers that wait for their tunnels. */
export class WaitingCallers {
  readonly #options: WaitingCallersOptions;
  readonly #tokens: TunnelTokens;
  readonly #byTunnel = new Map<number, PendingTunnel>();
  readonly #counts = new Map<TunnelEntry, number>();
  #last = 0;

  constructor(options: WaitingCallersOptions) {
    this.#options = options;
    this.#tokens = new TunnelTokens(options.clock, options.limits.tunnelTimeout);
  }

  get size(): number {
    return this.#byTunnel.size;
  }

  /** Returns whether the maximum number of callers wait for this kite. */
  isFull(entry: TunnelEntry): boolean {
    return (this.#counts.get(entry) ?? 0) >= this.#options.limits.waitingCallers;
  }

  /** Adds a caller. `session`: the server and session ids in the caller's path, such as `/042/8f0c`. */
  add(entry: TunnelEntry, relay: Relay, session: string | undefined): WaitingCaller {
    const tunnel = ++this.#last;
    const path = `${TUNNELS_PATH}${session ?? `/000/${randomUUID()}`}/websocket`;
    const { clock, limits, onTimeout } = this.#options;
    const timer = clock.setTimeout(() => {
      this.delete(tunnel);
      onTimeout(relay);
    }, limits.tunnelTimeout);
    this.#byTunnel.set(tunnel, { entry, relay, path, timer });
    this.#counts.set(entry, (this.#counts.get(entry) ?? 0) + 1);
    return { tunnel, path: `${path}?token=${this.#tokens.sign({ kiteId: entry.kite.id, tunnel })}` };
  }

  /** Returns whether a request opens a tunnel that a caller waits for. */
  has(requestUrl: string): boolean {
    return this.#find(requestUrl) !== undefined;
  }

  /** Removes the caller whose tunnel the request opens, and returns its relay. The token cannot be used again. */
  take(requestUrl: string): Relay | undefined {
    const tunnel = this.#find(requestUrl);
    const relay = tunnel === undefined ? undefined : this.#byTunnel.get(tunnel)?.relay;
    if (tunnel !== undefined) this.delete(tunnel);
    return relay;
  }

  /** Removes a caller. Returns false if it was not waiting. */
  delete(tunnel: number): boolean {
    const pending = this.#byTunnel.get(tunnel);
    if (!pending) return false;
    this.#byTunnel.delete(tunnel);
    pending.timer.cancel();
    const remaining = (this.#counts.get(pending.entry) ?? 0) - 1;
    if (remaining > 0) this.#counts.set(pending.entry, remaining);
    else this.#counts.delete(pending.entry);
    return true;
  }

  #find(requestUrl: string): number | undefined {
    const [path, query] = requestUrl.split('?', 2);
    const token = this.#tokens.read(new URLSearchParams(query).get('token') ?? '');
    const pending = token && this.#byTunnel.get(token.tunnel);
    return pending?.path === path && pending?.entry.kite.id === token?.kiteId ? token?.tunnel : undefined;
  }
}
