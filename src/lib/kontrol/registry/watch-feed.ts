import type { KiteIdentity } from '../../protocol/identity.js';
import type { RemoteFunction } from '../../kite/call/remote-function.js';
import type { Request } from '../../kite/serve/request.js';
import type { Caller } from '../tokens/caller.js';
import type { Change, ChangeLog } from './change-log.js';
import type { AuditedQuery } from './token-audit.js';

export type WatchingPeer = Request['client'];

export interface Watcher {
  readonly id: string;
  readonly peer: WatchingPeer;
  caller: Caller;
  /** The user whose kites it watches. Empty: the kites of all users. */
  readonly watched: string;
  readonly matches: (kite: KiteIdentity) => boolean;
  /** See `matchingCost`. */
  readonly cost: number;
  readonly callback: RemoteFunction;
  /** Number of the last change that it has been notified of, or before the watch. */
  notified: number;
  /** Undefined if no audit log is written. */
  readonly audited: AuditedQuery | undefined;
}

/** Notifies a watch of a change, if it matches. Returns the cost, which is 1 for an event. Must not throw. */
export type Notify = (watcher: Watcher, change: Change) => number;

/** What it costs to find that a watch has been notified of everything, in events. */
export const CHECK_COST = 1 / 50;

/**
 * The watches of one user for the kites of a log. A watch gets no events before it begins: those of the changes since it was added
 * follow then.
 */
export class WatchFeed {
  readonly username: string;
  readonly #log: ChangeLog;
  readonly #watchers = new Set<Watcher>();
  /** The watches that have not begun, the first one first. */
  readonly #waiting = new Set<Watcher>();
  /** Visits each watch once. Undefined between two passes. */
  #pass: Iterator<Watcher> | undefined;
  /** The watch that is being notified. */
  #visited: Watcher | undefined;
  /** Number of the last change when the pass began. */
  #passHead = 0;
  /** All watches that have begun have been notified of the changes up to this number. */
  #completed: number;

  constructor(username: string, log: ChangeLog) {
    this.username = username;
    this.#log = log;
    this.#completed = log.head;
  }

  /** Whether there are no watches. */
  get empty(): boolean {
    return this.#watchers.size + this.#waiting.size === 0;
  }

  /** Whether there are watches that have not begun. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether watches that have begun can be notified of changes. */
  get pending(): boolean {
    return this.#pass !== undefined || this.#completed < this.#log.head;
  }

  /** All watches have been notified of the changes up to this number. */
  get done(): number {
    for (const { notified } of this.#waiting) return Math.min(this.#completed, notified);
    return this.#completed;
  }

  /** The connections with watches. */
  get peers(): Set<WatchingPeer> {
    return new Set([...this.#watchers, ...this.#waiting].map(({ peer }) => peer));
  }

  add(watcher: Watcher): void {
    this.#waiting.add(watcher);
  }

  /** A watch gets events from now on. Without effect if it was removed. */
  begin(watcher: Watcher): void {
    if (!this.#waiting.delete(watcher)) return;
    this.#watchers.add(watcher);
    this.#completed = Math.min(this.#completed, watcher.notified);
  }

  remove(watcher: Watcher): void {
    this.#waiting.delete(watcher);
    this.#watchers.delete(watcher);
    if (this.#visited === watcher) this.#visited = undefined;
  }

  /** Notifies watches until it costs as much as the budget, or no more can be notified. Returns the cost. */
  step(budget: number, notify: Notify): number {
    let cost = CHECK_COST;
    while (cost < budget) {
      const watcher = this.#next();
      if (!watcher) break;
      cost += this.#visit(watcher, budget - cost, notify);
    }
    return cost;
  }

  #next(): Watcher | undefined {
    if (this.#visited) return this.#visited;
    if (!this.#pass) {
      this.#passHead = this.#log.head;
      this.#pass = this.#watchers.values();
    }
    const { value, done } = this.#pass.next();
    if (done !== true) return value;
    this.#pass = undefined;
    this.#completed = this.#passHead;
    return undefined;
  }

  /** Notifies a watch of as many changes as the budget allows. The other ones follow at the next visit. */
  #visit(watcher: Watcher, budget: number, notify: Notify): number {
    const { notified } = watcher;
    let cost = CHECK_COST;
    let change = this.#log.after(notified);
    for (; change && cost < budget; change = this.#log.after(watcher.notified)) {
      watcher.notified = change.number;
      // The event of the registration contained the update.
      if (change.registered && change.registered.number > notified) continue;
      cost += notify(watcher, change);
      if (!this.#watchers.has(watcher)) return cost;
    }
    if (!change) watcher.notified = this.#log.head;
    this.#visited = change && watcher;
    return cost;
  }
}
