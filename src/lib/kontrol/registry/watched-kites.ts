import { ChangeLog } from './change-log.js';
import { CHECK_COST, type Notify, type Watcher, WatchFeed } from './watch-feed.js';

/** The kites of one user, or of all users, that are watched: their changes, and the watches of each user. */
export class WatchedKites {
  readonly log: ChangeLog;
  readonly #feeds = new Map<string, WatchFeed>();
  /** The feeds with watches that have not begun. */
  readonly #held = new Set<WatchFeed>();
  /** Visits feeds, each of them once. Undefined if there is nothing to do. */
  #round: Iterator<WatchFeed> | undefined;
  /** The feeds that can be notified of more after this round. */
  #unfinished = new Set<WatchFeed>();
  /** Number of the last change when the last round of all feeds began. */
  #begun: number;
  /** The feeds that a round of all feeds has visited are done with the changes up to this number. Undefined in other rounds. */
  #done: number | undefined;
  /** Size of the log from which on feeds can be overdue. */
  #checkedSize = 0;

  /** `head`: number of the last change before. */
  constructor(head: number) {
    this.log = new ChangeLog(head);
    this.#begun = head;
  }

  /** Whether there are no watches. */
  get empty(): boolean {
    return this.#feeds.size === 0;
  }

  /** Whether watches can be notified of changes. */
  get pending(): boolean {
    return this.#round !== undefined || this.#unfinished.size > 0 || this.#begun < this.log.head;
  }

  /** Adds a watch. The changes from now on wait until it begins. */
  add(watcher: Watcher): void {
    const { username } = watcher.caller;
    const feed = this.#feeds.get(username) ?? new WatchFeed(username, this.log);
    this.#feeds.set(username, feed);
    feed.add(watcher);
    this.#held.add(feed);
  }

  /** Begins to notify a watch. Without effect if it was removed. */
  begin(watcher: Watcher): void {
    const feed = this.#feeds.get(watcher.caller.username);
    if (!feed) return;
    feed.begin(watcher);
    if (!feed.hasWaiting) this.#held.delete(feed);
    if (feed.pending) this.#unfinished.add(feed);
  }

  remove(watcher: Watcher): void {
    const { username } = watcher.caller;
    const feed = this.#feeds.get(username);
    if (!feed) return;
    feed.remove(watcher);
    if (!feed.hasWaiting) this.#held.delete(feed);
    if (feed.empty) this.#feeds.delete(username);
  }

  /** Notifies the watches of each user in turn until it costs as much as the budget. Returns the cost. */
  step(budget: number, notify: Notify): number {
    let cost = 0;
    while (cost < budget) {
      const feed = this.#next();
      if (!feed) break;
      cost += feed.pending ? feed.step(budget - cost, notify) : CHECK_COST;
      if (feed.pending) this.#unfinished.add(feed);
      if (this.#done !== undefined) this.#done = Math.min(this.#done, feed.done);
    }
    return cost;
  }

  /**
   * Returns the feeds that are not done with more than `limit` changes, and removes the changes that the others are done with. It
   * takes a moment if there are many feeds, so that it is done again only when a further part of the limit has come.
   */
  overdue(limit: number): readonly WatchFeed[] {
    if (this.log.size <= Math.max(limit, this.#checkedSize)) return [];
    const late: WatchFeed[] = [];
    let done = this.log.head;
    for (const feed of this.#feeds.values()) {
      if (this.log.sizeAfter(feed.done) > limit) late.push(feed);
      else done = Math.min(done, feed.done);
    }
    this.log.trim(done);
    this.#checkedSize = this.log.size + limit / 64;
    return late;
  }

  #next(): WatchFeed | undefined {
    for (;;) {
      const next = this.#round?.next();
      if (next && next.done !== true) return next.value;
      if (this.#done !== undefined) this.log.trim(this.#done);
      this.#done = undefined;
      if (this.#begun < this.log.head) this.#beginWithAll();
      else if (this.#unfinished.size > 0) this.#beginWith(this.#unfinished);
      else return this.#end();
    }
  }

  #beginWithAll(): void {
    this.#begun = this.log.head;
    this.#done = this.#begun;
    this.#beginWith(this.#feeds);
  }

  #beginWith(feeds: ReadonlySet<WatchFeed> | ReadonlyMap<string, WatchFeed>): void {
    this.#round = feeds.values();
    this.#unfinished = new Set();
  }

  #end(): undefined {
    this.#round = undefined;
    // All others are done.
    let done = this.log.head;
    for (const feed of this.#held) done = Math.min(done, feed.done);
    this.log.trim(done);
  }
}
