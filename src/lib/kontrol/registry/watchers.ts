import type { RemoteFunction } from '../../kite/call/remote-function.js';
import type { Request } from '../../kite/serve/request.js';
import { hasSameKiteKey } from '../../keys/revoked-ids.js';
import { KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { exactValue, type KiteQuery, matchingCost, searchMatcher } from '../../protocol/query.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { errorText } from '../../util/message-of.js';
import { randomHex } from '../../util/random.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { FairTurns } from './fair-turns.js';
import type { TokenAudit } from './token-audit.js';
import { UserQuota } from './user-quota.js';
import { type Change, type Watcher, WatchFeed, type WatchingPeer } from './watch-feed.js';

/** The event that a watcher receives, in the format that `kite.js` expects. */
export interface WatchEvent {
  /** `UPDATE`: the kite is silent now, or is not any more. Other peers ignore it. */
  readonly action: 'REGISTER' | 'DEREGISTER' | 'UPDATE';
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** When the connection of the kite to Kontrol dropped, in milliseconds since 1970. Undefined while it is connected. */
  readonly silentSince?: number;
  /** Empty if the kite has not registered now, and for one that the watcher may find but not call. */
  readonly token: string;
}

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
  readonly #feeds = new Map<string, WatchFeed>();
  /** The feeds with watches of the kites of a user, to find those of a change quickly. Empty key: of the kites of all users. */
  readonly #byWatched = new Map<string, Set<WatchFeed>>();
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
    registry.on('register', (entry) => this.#changed({ action: 'REGISTER', entry, number: ++this.#changes }));
    registry.on('deregister', (entry) =>
      this.#changed({ action: 'DEREGISTER', entry, number: ++this.#changes }),
    );
    registry.on('update', (entry) => this.#changed({ action: 'UPDATE', entry, number: ++this.#changes }));
  }

  get size(): number {
    let size = 0;
    for (const watchers of this.#byPeer.values()) size += watchers.size;
    return size;
  }

  /**
   * Calls `callback` on each change of a kite that matches the query, until the watch is canceled, the caller disconnects, or its
   * session ends. The caller must be connected.
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
    const watcher = { id, peer, caller, watched, matches, cost, callback, since: this.#changes, audited };
    watchers.set(id, watcher);
    const feed = this.#feeds.get(caller.username) ?? new WatchFeed(caller.username);
    this.#feeds.set(caller.username, feed);
    feed.add(watcher);
    const feeds = this.#byWatched.get(watched) ?? new Set();
    this.#byWatched.set(watched, feeds.add(feed));
    return id;
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
    const { username } = watcher.caller;
    this.#quota.release(username);
    const feed = this.#feeds.get(username);
    if (!feed?.remove(watcher)) return;
    const feeds = this.#byWatched.get(watcher.watched);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#byWatched.delete(watcher.watched);
    if (feed.empty) this.#feeds.delete(username);
  }

  #changed(change: Change): void {
    const { changesPerUser } = this.#options.limits;
    const isSilent = change.action === 'UPDATE' && change.entry.silentSince !== undefined;
    for (const watched of [change.entry.kite.username, '']) {
      for (const feed of this.#byWatched.get(watched) ?? []) {
        // When thousands of kites drop together. Watchers that miss it are notified if the kite deregisters.
        if (isSilent && feed.waiting * 2 >= changesPerUser) continue;
        feed.push(change, watched);
        if (feed.waiting > changesPerUser) this.#abandon(feed);
        const steps = feed.deliver((...event) => this.#notifySafely(...event));
        if (steps) void this.#options.turns.run(feed.username, steps);
      }
    }
  }

  /** Ends the connections of watches that cannot be notified as fast as kites change. Their callers connect and query again. */
  #abandon(feed: WatchFeed): void {
    const { logger, limits } = this.#options;
    logger.warn(
      `Closing the connections with watches of ${feed.username}: more than ${limits.changesPerUser} changes wait (limits.changesPerUser)`,
    );
    for (const peer of feed.abandon()) {
      this.#forgetAll(peer);
      peer.close();
    }
  }

  #notifySafely(watcher: Watcher, change: Change): boolean {
    try {
      return this.#notify(watcher, change);
    } catch (error) {
      this.#options.logger.error(`A watch failed: ${errorText(error)}`);
      return true;
    }
  }

  /** Returns whether the watcher matches. */
  #notify(watcher: Watcher, { action, entry }: Change): boolean {
    const { matches, caller, peer, callback } = watcher;
    const { policy, clock } = this.#options;
    if (!matches(entry.kite) || !policy.allows('query', caller.username, entry.kite)) return false;
    if (caller.sessionEnd <= clock.now()) {
      peer.close();
      return true;
    }
    const { kite, url, registeredAt, silentSince } = entry;
    const token = action === 'REGISTER' ? this.#token(watcher, entry) : '';
    const silent = action !== 'DEREGISTER' && silentSince !== undefined && { silentSince };
    const result: WatchEvent = { action, kite, url, registeredAt, ...silent, token };
    callback({ error: null, result });
    return true;
  }

  #token({ caller, audited }: Watcher, entry: RegistryEntry): string {
    const { policy, tokens, audit } = this.#options;
    if (!policy.allows('token', caller.username, entry.kite)) return '';
    const token = tokens.issue(caller, entry);
    if (audited && token !== undefined) audit?.watched(audited, tokens.audienceFor(caller, entry));
    return token ?? '';
  }
}
