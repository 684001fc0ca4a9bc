import type { RemoteFunction } from '../../kite/call/remote-function.js';
import type { Request } from '../../kite/serve/request.js';
import { hasSameKiteKey } from '../../keys/revoked-ids.js';
import { KiteError } from '../../protocol/errors.js';
import { exactValue, type KiteQuery, matchingCost, searchMatcher } from '../../protocol/query.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { randomHex } from '../../util/random.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { ChangeAction } from './change-log.js';
import type { FairTurns } from './fair-turns.js';
import { FanOut } from './fan-out.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { TokenAudit } from './token-audit.js';
import { UserQuota } from './user-quota.js';
import type { WatchFeed, Watcher, WatchingPeer } from './watch-feed.js';
import { WatchNotifier } from './watch-notifier.js';
import { WatchedKites } from './watched-kites.js';

export interface WatchersOptions {
  readonly registry: Registry;
  readonly tokens: TokenIssuer;
  readonly turns: FairTurns;
  readonly policy: Policy;
  readonly limits: KontrolLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

/** Notifies callers of the kites that register, deregister, and become silent, the watches of each user in turn. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #quota: UserQuota;
  readonly #byPeer = new Map<WatchingPeer, Map<string, Watcher>>();
  readonly #fanOut: FanOut;
  /** The watched kites, by their user. Empty key: those of all users. */
  readonly #watched = new Map<string, WatchedKites>();
  #changes = 0;

  constructor(options: WatchersOptions) {
    this.#options = options;
    const { registry, limits } = options;
    this.#quota = new UserQuota({
      limits,
      name: 'watchersPerUser',
      what: 'watches',
      advice: 'cancel one with cancelWatcher',
    });
    const notifier = new WatchNotifier(options);
    this.#fanOut = new FanOut({
      turns: options.turns,
      notify: (watcher, change) => notifier.notify(watcher, change),
      stepBegins: () => notifier.stepBegins(),
    });
    registry.on('register', (entry) => this.#changed('REGISTER', entry));
    registry.on('deregister', (entry) => this.#changed('DEREGISTER', entry));
    registry.on('update', (entry) => this.#changed('UPDATE', entry));
  }

  get size(): number {
    let size = 0;
    for (const watchers of this.#byPeer.values()) size += watchers.size;
    return size;
  }

  /**
   * Calls `callback` on each change of a kite that matches the query, until the watch is canceled, the caller disconnects, or its
   * session ends. The caller must be connected. The changes from now on wait until `begin`, so that the caller gets the result of
   * the query first.
   * Returns the id of the watcher.
   */
  add(request: Request, caller: Caller, query: KiteQuery, callback: RemoteFunction): string {
    const { client: peer } = request;
    const { limits, audit } = this.#options;
    const { watchersPerConnection } = limits;
    const matches = searchMatcher(query);
    const watchers = this.#watchersOf(peer);
    if (watchers.size >= watchersPerConnection) {
      const message = `This connection has ${watchersPerConnection} watchers; cancel one with cancelWatcher first`;
      throw new KiteError('requestLimitError', message);
    }
    this.#quota.take(caller.username);
    const [id, watched] = [randomHex(16), exactValue(query, 'username') ?? ''];
    const audited = audit?.auditedQuery(request, query);
    const cost = matchingCost(query);
    const watcher = { id, peer, caller, watched, matches, cost, callback, notified: this.#changes, audited };
    watchers.set(id, watcher);
    const kites = this.#watched.get(watched) ?? new WatchedKites(this.#changes);
    this.#watched.set(watched, kites);
    kites.add(watcher);
    return id;
  }

  /** Begins to notify a watch. Without effect if it has ended. */
  begin(client: WatchingPeer, id: string): void {
    const watcher = this.#byPeer.get(client)?.get(id);
    const kites = watcher && this.#watched.get(watcher.watched);
    if (!kites) return;
    kites.begin(watcher);
    this.#fanOut.start(kites);
  }

  /** The kite key of a caller was renewed: its watches end with the new form of the key. */
  renew(client: WatchingPeer, caller: Caller): void {
    for (const watcher of this.#byPeer.get(client)?.values() ?? [])
      if (watcher.caller.type === 'kiteKey' && hasSameKiteKey(watcher.caller, caller))
        watcher.caller = caller;
  }

  /** Cancels a watch of this caller. Returns false if there is no such watch. */
  cancel(client: WatchingPeer, id: string): boolean {
    const watchers = this.#byPeer.get(client);
    const watcher = watchers?.get(id);
    if (!watchers || !watcher) return false;
    watchers.delete(id);
    this.#forget(watcher);
    return true;
  }

  #watchersOf(peer: WatchingPeer): Map<string, Watcher> {
    const existing = this.#byPeer.get(peer);
    if (existing) return existing;
    const watchers = new Map<string, Watcher>();
    this.#byPeer.set(peer, watchers);
    peer.on('disconnect', () => this.#forgetAll(peer));
    return watchers;
  }

  #forgetAll(peer: WatchingPeer): void {
    const watchers = this.#byPeer.get(peer);
    this.#byPeer.delete(peer);
    for (const watcher of watchers?.values() ?? []) this.#forget(watcher);
  }

  #forget(watcher: Watcher): void {
    this.#quota.release(watcher.caller.username);
    const kites = this.#watched.get(watcher.watched);
    kites?.remove(watcher);
    if (kites?.empty) this.#watched.delete(watcher.watched);
  }

  #changed(action: ChangeAction, entry: RegistryEntry): void {
    const number = ++this.#changes;
    const { changesPerUser } = this.#options.limits;
    const isSilent = action === 'UPDATE' && entry.silentSince !== undefined;
    for (const watched of [entry.kite.username, '']) {
      const kites = this.#watched.get(watched);
      // When thousands of kites drop together. Watchers that miss it are notified if the kite deregisters.
      if (!kites || (isSilent && kites.log.size * 2 >= changesPerUser)) continue;
      kites.log.push(action, entry, number);
      this.#abandon(kites.overdue(changesPerUser));
      this.#fanOut.start(kites);
    }
  }

  /** Ends the connections of watches that cannot be notified as fast as kites change. Their callers connect and query again. */
  #abandon(feeds: readonly WatchFeed[]): void {
    const { logger, limits } = this.#options;
    for (const { username, peers } of feeds) {
      logger.warn(
        `Closing the connections with watches of ${username}: more than ${limits.changesPerUser} changes wait (limits.changesPerUser)`,
      );
      for (const peer of peers) {
        this.#forgetAll(peer);
        peer.close();
      }
    }
  }
}
