import type { Client } from '../lib/kite/call/client.js';
import { type Clock, systemClock, type Timer } from '../lib/util/clock.js';
import { PINGED_KITES, PINGS_AT_ONCE } from './page-limits.js';
import { messageOf } from '../lib/util/message-of.js';

/** The result of the last ping of a kite. */
export type PingState =
  | { readonly type: 'waiting' }
  | { readonly type: 'answered'; readonly ms: number }
  | { readonly type: 'failed'; readonly problem: string }
  /** The kite is a page in another browser, which this page cannot dial. */
  | { readonly type: 'page' };

export interface PingerOptions {
  /** Returns a client of the kite, which is not connected yet. Undefined if the kite is not registered. */
  readonly client: (id: string) => Client | undefined;
  readonly pinged: (id: string, ping: PingState) => void;
  readonly clock?: Clock;
  /** Returns the time in milliseconds, in high resolution. Default: `performance.now`. */
  readonly now?: () => number;
}

interface PingTarget {
  readonly id: string;
  client: Client | undefined;
  dueAt: number;
  running: boolean;
}

/** Milliseconds between the pings of a kite. */
export const PING_INTERVAL = 10_000;
const PING_TIMEOUT = 5000;

/** Measures the latency of visible kites with `kite.ping`, a few at a time. Each kite has a connection while it is watched. */
export class Pinger {
  readonly #options: PingerOptions;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #targets = new Map<string, PingTarget>();
  #timer: Timer | undefined;
  #running = 0;
  #paused = false;

  constructor(options: PingerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Starts to ping a kite that is visible. */
  watch(id: string): void {
    if (this.#targets.has(id)) return;
    this.#targets.set(id, { id, client: undefined, dueAt: 0, running: false });
    this.#next();
  }

  /** Stops pinging a kite that is not visible, or not registered. */
  unwatch(id: string): void {
    const target = this.#targets.get(id);
    this.#targets.delete(id);
    target?.client?.close();
    this.#next();
  }

  /** Reconnects to a kite whose URL has changed. */
  renew(id: string): void {
    if (!this.#targets.has(id)) return;
    this.unwatch(id);
    this.watch(id);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#next();
  }

  close(): void {
    this.#paused = true;
    for (const id of this.#targets.keys()) this.unwatch(id);
    this.#timer?.cancel();
  }

  #next(): void {
    this.#timer?.cancel();
    if (this.#paused) return;
    const now = this.#clock.monotonic();
    let soonest = Number.POSITIVE_INFINITY;
    let position = 0;
    for (const target of this.#targets.values()) {
      if (position++ >= PINGED_KITES) break;
      if (target.running) continue;
      if (target.dueAt > now) soonest = Math.min(soonest, target.dueAt);
      else if (this.#running < PINGS_AT_ONCE) void this.#ping(target);
    }
    if (soonest !== Number.POSITIVE_INFINITY)
      this.#timer = this.#clock.setTimeout(() => this.#next(), Math.max(1, soonest - now));
  }

  async #ping(target: PingTarget): Promise<void> {
    const { id } = target;
    target.running = true;
    this.#running++;
    try {
      const client = target.client ?? this.#options.client(id);
      if (!client) return;
      if (/^webrtc:/i.test(client.url)) {
        client.close();
        this.#report(target, { type: 'page' });
        return;
      }
      target.client = client;
      await client.dial();
      const start = this.#now();
      await client.call('kite.ping', [], { timeout: PING_TIMEOUT });
      this.#report(target, { type: 'answered', ms: this.#now() - start });
    } catch (error) {
      target.client?.close();
      target.client = undefined;
      this.#report(target, { type: 'failed', problem: messageOf(error) });
    } finally {
      target.running = false;
      target.dueAt = this.#clock.monotonic() + PING_INTERVAL;
      this.#running--;
      this.#next();
    }
  }

  #report(target: PingTarget, ping: PingState): void {
    if (this.#targets.get(target.id) === target) this.#options.pinged(target.id, ping);
  }
}
