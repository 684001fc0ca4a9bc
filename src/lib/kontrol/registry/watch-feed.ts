import type { KiteIdentity } from '../../protocol/identity.js';
import type { RemoteFunction } from '../../kite/call/remote-function.js';
import type { Request } from '../../kite/serve/request.js';
import type { Caller } from '../tokens/caller.js';
import type { Steps } from './fair-turns.js';
import type { RegistryEntry } from './registry-entry.js';
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
  /** Number of the last change before the watch. */
  readonly since: number;
  /** Undefined if no audit log is written. */
  readonly audited: AuditedQuery | undefined;
}

/** A kite has registered or deregistered, or its mark has changed. */
export interface Change {
  readonly action: 'REGISTER' | 'DEREGISTER' | 'UPDATE';
  readonly entry: RegistryEntry;
  readonly number: number;
}

interface WaitingChange extends Change {
  readonly watched: string;
  number: number;
}

// A watcher is notified in about ten microseconds. To find out that it does not match takes less than a twentieth of that.
const NOTIFIED_PER_STEP = 32;
const COST_OF_OTHERS = 1 / 20;

/** The watches of one user, and the changes that they have not been notified of. */
export class WatchFeed {
  readonly username: string;
  readonly #watchers = new Map<string, Set<Watcher>>();
  #changes: WaitingChange[] = [];
  /** The updates among the changes, by what is watched. There is one for each kite, however often its connection drops. */
  readonly #updates = new Map<string, Map<RegistryEntry, WaitingChange>>();
  #delivering = false;

  constructor(username: string) {
    this.username = username;
  }

  /** Whether there are no watches. */
  get empty(): boolean {
    return this.#watchers.size === 0;
  }

  add(watcher: Watcher): void {
    const others = this.#watchers.get(watcher.watched) ?? new Set();
    this.#watchers.set(watcher.watched, others.add(watcher));
  }

  /** Removes a watcher. Returns whether it was the last one for kites of this user. */
  remove(watcher: Watcher): boolean {
    const others = this.#watchers.get(watcher.watched);
    others?.delete(watcher);
    if (others?.size !== 0) return false;
    this.#watchers.delete(watcher.watched);
    return true;
  }

  /** Number of changes that wait. */
  get waiting(): number {
    return this.#changes.length;
  }

  /** Adds a change of a kite, for the watchers of `watched`. */
  push(change: Change, watched: string): void {
    const waiting = { ...change, watched };
    if (change.action === 'UPDATE') {
      const updates = this.#updates.get(watched) ?? new Map<RegistryEntry, WaitingChange>();
      this.#updates.set(watched, updates);
      const earlier = updates.get(change.entry);
      // Watchers get the state of the kite at the time of the notification.
      if (earlier) earlier.number = change.number;
      if (earlier) return;
      updates.set(change.entry, waiting);
    }
    this.#changes.push(waiting);
  }

  /** Discards the changes, and returns the connections with watches. */
  abandon(): Set<WatchingPeer> {
    this.#changes = [];
    this.#updates.clear();
    return new Set([...this.#watchers.values()].flatMap((watchers) => [...watchers].map(({ peer }) => peer)));
  }

  /**
   * Returns the steps that notify the watchers of the changes, in order. Returns undefined if previous steps have not ended, which
   * also deliver the changes that were added since. `notify` returns whether the watcher matches, and must not throw.
   */
  deliver(notify: (watcher: Watcher, change: Change) => boolean): Steps<void> | undefined {
    if (this.#delivering) return undefined;
    this.#delivering = true;
    return this.#deliver(notify);
  }

  *#deliver(notify: (watcher: Watcher, change: Change) => boolean): Steps<void> {
    let cost = 0;
    for (let change = this.#changes.shift(); change; change = this.#changes.shift()) {
      if (change.action === 'UPDATE') this.#updates.get(change.watched)?.delete(change.entry);
      for (const watcher of this.#watchers.get(change.watched) ?? []) {
        if (watcher.since < change.number)
          cost += notify(watcher, change) ? 1 : COST_OF_OTHERS * watcher.cost;
        if (cost < NOTIFIED_PER_STEP) continue;
        cost = 0;
        yield undefined;
      }
    }
    this.#delivering = false;
  }
}
