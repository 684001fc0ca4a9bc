import type { RemoteFunction } from '../../kite/call/method-types.js';
import type { Request } from '../../kite/serve/request.js';
import { hasSameKiteKey } from '../../keys/revoked-ids.js';
import { KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { matchesEveryKite, type KiteQuery, queryMatcher } from '../../protocol/query.js';
import type { Clock } from '../../util/clock.js';
import { randomHex } from '../../util/random.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { AuditedQuery, TokenAudit } from './token-audit.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';

type WatchingPeer = Request['client'];

interface Watcher {
  readonly id: string;
  readonly peer: WatchingPeer;
  caller: Caller;
  /** Its key in `#byUser`. */
  readonly userKey: string;
  readonly matches: (kite: KiteIdentity) => boolean;
  readonly callback: RemoteFunction;
  /** Undefined if no audit log is written. */
  readonly audited: AuditedQuery | undefined;
}

/** The event that a watcher receives, in the format that `kite.js` expects. */
export interface WatchEvent {
  readonly action: 'REGISTER' | 'DEREGISTER';
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** Empty for a deregistered kite, and for one that the watcher may find but not call. */
  readonly token: string;
}

export interface WatchersOptions {
  readonly registry: Registry;
  readonly tokens: TokenIssuer;
  readonly policy: Policy;
  readonly limits: Pick<KontrolLimits, 'watchersPerConnection'>;
  readonly clock: Clock;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

/** Notifies callers of the kites that register and deregister. */
export class Watchers {
  readonly #tokens: TokenIssuer;
  readonly #policy: Policy;
  readonly #maxPerPeer: number;
  readonly #clock: Clock;
  readonly #audit: TokenAudit | undefined;
  readonly #byPeer = new Map<WatchingPeer, Map<string, Watcher>>();
  /** Watchers by the user whose kites they watch, to find those of a change quickly. Empty key: the kites of all users. */
  readonly #byUser = new Map<string, Set<Watcher>>();

  constructor({ registry, tokens, policy, limits, clock, audit }: WatchersOptions) {
    this.#tokens = tokens;
    this.#policy = policy;
    this.#clock = clock;
    this.#audit = audit;
    this.#maxPerPeer = limits.watchersPerConnection;
    registry.on('register', (entry) => this.#notify('REGISTER', entry));
    registry.on('deregister', (entry) => this.#notify('DEREGISTER', entry));
  }

  get size(): number {
    let size = 0;
    for (const watchers of this.#byPeer.values()) size += watchers.size;
    return size;
  }

  /**
   * Calls `callback` on each change of a kite that matches the query, until the watch is cancelled, the caller disconnects, or its
   * session ends.
   * Returns the id of the watcher.
   */
  add(request: Request, caller: Caller, query: KiteQuery, callback: RemoteFunction): string {
    const { client } = request;
    const watchers = this.#watchersOf(client);
    if (watchers.size >= this.#maxPerPeer) {
      const message = `This connection has ${this.#maxPerPeer} watchers; cancel one with cancelWatcher first`;
      throw new KiteError('requestLimitError', message);
    }
    const id = randomHex(16);
    const userKey = query.username ?? '';
    const matches = matchesEveryKite(query) ? (): boolean => true : queryMatcher(query);
    const audited = this.#audit?.auditedQuery(request, query);
    const watcher = { id, peer: client, caller, userKey, matches, callback, audited };
    watchers.set(id, watcher);
    const others = this.#byUser.get(userKey) ?? new Set();
    this.#byUser.set(userKey, others.add(watcher));
    return id;
  }

  /** The kite key of a caller was renewed: its watches end with the new form of the key. */
  renew(client: WatchingPeer, caller: Caller): void {
    for (const watcher of this.#byPeer.get(client)?.values() ?? [])
      if (watcher.caller.type === 'kiteKey' && hasSameKiteKey(watcher.caller, caller))
        watcher.caller = caller;
  }

  /** Cancels a watch of this caller. */
  cancel(client: WatchingPeer, id: unknown): void {
    const watcher = typeof id === 'string' ? this.#byPeer.get(client)?.get(id) : undefined;
    if (!watcher) throw new KiteError('argumentError', 'cancelWatcher: unknown watcher id');
    this.#byPeer.get(client)?.delete(watcher.id);
    this.#removeFromIndex(watcher);
  }

  #watchersOf(peer: WatchingPeer): Map<string, Watcher> {
    const existing = this.#byPeer.get(peer);
    if (existing) return existing;
    const watchers = new Map<string, Watcher>();
    this.#byPeer.set(peer, watchers);
    peer.on('disconnect', () => {
      this.#byPeer.delete(peer);
      for (const watcher of watchers.values()) this.#removeFromIndex(watcher);
    });
    return watchers;
  }

  #removeFromIndex(watcher: Watcher): void {
    const others = this.#byUser.get(watcher.userKey);
    others?.delete(watcher);
    if (others?.size === 0) this.#byUser.delete(watcher.userKey);
  }

  #notify(action: WatchEvent['action'], entry: RegistryEntry): void {
    for (const userKey of [entry.kite.username, '']) {
      for (const watcher of this.#byUser.get(userKey) ?? []) {
        const { caller } = watcher;
        if (!watcher.matches(entry.kite) || !this.#policy.allows('query', caller.username, entry.kite))
          continue;
        if (caller.sessionEnd <= this.#clock.now()) {
          watcher.peer.close();
          continue;
        }
        const result = {
          action,
          kite: entry.kite,
          url: entry.url,
          registeredAt: entry.registeredAt,
          token: this.#token(action, watcher, entry),
        };
        watcher.callback({ error: null, result });
      }
    }
  }

  #token(action: WatchEvent['action'], { caller, audited }: Watcher, entry: RegistryEntry): string {
    if (action === 'DEREGISTER' || !this.#policy.allows('token', caller.username, entry.kite)) return '';
    const token = this.#tokens.issue(caller, entry);
    if (audited && token !== undefined)
      this.#audit?.watched(audited, this.#tokens.audienceFor(caller, entry));
    return token ?? '';
  }
}
