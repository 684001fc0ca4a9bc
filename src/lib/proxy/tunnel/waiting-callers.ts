import { randomUUID } from 'node:crypto';
import type { Relay } from '../../transport/relay/relay.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ProxyLimits } from '../limits/proxy-limits.js';
import type { ProxyEntry } from '../shared/proxy-table.js';
import { TunnelTokens } from './tunnel-tokens.js';

/** The path under which kites open tunnels. */
export const TUNNELS_PATH = '/tunnel';

type Entry = ProxyEntry<string>;

/** A caller for whom the kite has been asked to open a tunnel. */
export interface WaitingCaller {
  readonly tunnel: number;
  /** What the kite has to dial, below the proxy's origin. */
  readonly path: string;
}

interface Waiting {
  readonly entry: Entry;
  readonly relay: Relay;
  /** Without the query. */
  readonly path: string;
  readonly timer: Timer;
}

export interface WaitingCallersOptions {
  readonly limits: Pick<ProxyLimits, 'tunnelTimeout' | 'waitingCallers'>;
  readonly clock: Clock;
  /** The kite has not come in time. */
  readonly late: (relay: Relay) => void;
}

/** Tunnels of which there is one half: the caller is there, and the kite has yet to come. */
export class WaitingCallers {
  readonly #options: WaitingCallersOptions;
  readonly #tokens: TunnelTokens;
  readonly #byTunnel = new Map<number, Waiting>();
  readonly #counts = new Map<Entry, number>();
  #last = 0;

  constructor(options: WaitingCallersOptions) {
    this.#options = options;
    this.#tokens = new TunnelTokens(options.clock, options.limits.tunnelTimeout);
  }

  get size(): number {
    return this.#byTunnel.size;
  }

  /** Whether as many callers of this kite wait as may. */
  isFull(entry: Entry): boolean {
    return (this.#counts.get(entry) ?? 0) >= this.#options.limits.waitingCallers;
  }

  /** A caller waits from now on. `session` is what it calls its own: `/042/8f0c`. */
  add(entry: Entry, relay: Relay, session: string | undefined): WaitingCaller {
    const tunnel = ++this.#last;
    const path = `${TUNNELS_PATH}${session ?? `/000/${randomUUID()}`}/websocket`;
    const { clock, limits, late } = this.#options;
    const timer = clock.setTimeout(() => {
      this.delete(tunnel);
      late(relay);
    }, limits.tunnelTimeout);
    this.#byTunnel.set(tunnel, { entry, relay, path, timer });
    this.#counts.set(entry, (this.#counts.get(entry) ?? 0) + 1);
    return { tunnel, path: `${path}?token=${this.#tokens.sign({ kite: entry.kite.id, tunnel })}` };
  }

  /** Whether a request is that of a kite which opens a tunnel that a caller waits for. */
  has(requestUrl: string): boolean {
    return this.#find(requestUrl) !== undefined;
  }

  /** The caller who waits for the tunnel that such a request opens: it waits no longer, and the token is used up. */
  take(requestUrl: string): Relay | undefined {
    const tunnel = this.#find(requestUrl);
    const relay = tunnel === undefined ? undefined : this.#byTunnel.get(tunnel)?.relay;
    if (tunnel !== undefined) this.delete(tunnel);
    return relay;
  }

  /** The caller waits no longer. False: it did not wait. */
  delete(tunnel: number): boolean {
    const waiting = this.#byTunnel.get(tunnel);
    if (!waiting) return false;
    this.#byTunnel.delete(tunnel);
    waiting.timer.cancel();
    const left = (this.#counts.get(waiting.entry) ?? 0) - 1;
    if (left > 0) this.#counts.set(waiting.entry, left);
    else this.#counts.delete(waiting.entry);
    return true;
  }

  #find(requestUrl: string): number | undefined {
    const [path, query] = requestUrl.split('?', 2);
    const token = this.#tokens.read(new URLSearchParams(query).get('token') ?? '');
    const waiting = token && this.#byTunnel.get(token.tunnel);
    return waiting?.path === path && waiting?.entry.kite.id === token?.kite ? token?.tunnel : undefined;
  }
}
