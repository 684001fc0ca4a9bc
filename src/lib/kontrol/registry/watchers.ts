import type { RemoteFunction } from '../../kite/call/method-types.js';
import type { Request } from '../../kite/serve/request.js';
import { KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { matchesEveryKite, type KiteQuery, queryMatcher } from '../../protocol/query.js';
import { randomHex } from '../../util/random.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';

type Peer = Request['client'];

interface Watcher {
  readonly id: string;
  readonly peer: Peer;
  readonly username: string;
  /** Under which it stands in `#byUser`. */
  readonly key: string;
  readonly matches: (kite: KiteIdentity) => boolean;
  readonly callback: RemoteFunction;
}

/** What a watcher is told, in the form that `kite.js` reads. */
export interface KiteEvent {
  readonly action: 'REGISTER' | 'DEREGISTER';
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Since when it is, or was, registered, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** Empty for a kite that is gone, or that may be found and not called. */
  readonly token: string;
}

export interface WatchersOptions {
  readonly registry: Registry;
  readonly tokens: TokenIssuer;
  readonly policy: Policy;
  readonly limits: Pick<KontrolLimits, 'watchersPerConnection'>;
}

/** Callers that want to hear of the kites that come and go. */
export class Watchers {
  readonly #tokens: TokenIssuer;
  readonly #policy: Policy;
  readonly #most: number;
  readonly #byPeer = new Map<Peer, Map<string, Watcher>>();
  /** By the user whose kites they watch, so that a change costs what its own watchers cost. Empty: by id, or all. */
  readonly #byUser = new Map<string, Set<Watcher>>();

  constructor({ registry, tokens, policy, limits }: WatchersOptions) {
    this.#tokens = tokens;
    this.#policy = policy;
    this.#most = limits.watchersPerConnection;
    registry.on('register', (entry) => this.#tell('REGISTER', entry));
    registry.on('deregister', (entry) => this.#tell('DEREGISTER', entry));
  }

  get size(): number {
    let size = 0;
    for (const watchers of this.#byPeer.values()) size += watchers.size;
    return size;
  }

  /**
   * Calls `callback` at each change of the kites that the query asks for, until it is cancelled or the caller is gone.
   * Returns the watcher's id.
   */
  add({ client, username }: Request, query: KiteQuery, callback: RemoteFunction): string {
    const watchers = this.#ofPeer(client);
    if (watchers.size >= this.#most) {
      const message = `This connection has ${this.#most} watchers; cancel one with cancelWatcher first`;
      throw new KiteError('requestLimitError', message);
    }
    const id = randomHex(16);
    const key = query.username ?? '';
    const matches = matchesEveryKite(query) ? (): boolean => true : queryMatcher(query);
    const watcher = { id, peer: client, username, key, matches, callback };
    watchers.set(id, watcher);
    const others = this.#byUser.get(key) ?? new Set();
    this.#byUser.set(key, others.add(watcher));
    return id;
  }

  /** Ends a watcher of this caller. */
  cancel(client: Peer, id: unknown): void {
    const watcher = typeof id === 'string' ? this.#byPeer.get(client)?.get(id) : undefined;
    if (!watcher) throw new KiteError('argumentError', 'cancelWatcher: there is no watcher with this id');
    this.#byPeer.get(client)?.delete(watcher.id);
    this.#forget(watcher);
  }

  #ofPeer(peer: Peer): Map<string, Watcher> {
    const known = this.#byPeer.get(peer);
    if (known) return known;
    const watchers = new Map<string, Watcher>();
    this.#byPeer.set(peer, watchers);
    peer.on('disconnect', () => {
      this.#byPeer.delete(peer);
      for (const watcher of watchers.values()) this.#forget(watcher);
    });
    return watchers;
  }

  #forget(watcher: Watcher): void {
    const others = this.#byUser.get(watcher.key);
    others?.delete(watcher);
    if (others?.size === 0) this.#byUser.delete(watcher.key);
  }

  #tell(action: KiteEvent['action'], entry: RegistryEntry): void {
    for (const key of [entry.kite.username, '']) {
      for (const watcher of this.#byUser.get(key) ?? []) {
        if (!watcher.matches(entry.kite) || !this.#policy.allows('query', watcher.username, entry.kite))
          continue;
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

  #token(action: KiteEvent['action'], { username }: Watcher, entry: RegistryEntry): string {
    if (action === 'DEREGISTER' || !this.#policy.allows('token', username, entry.kite)) return '';
    return this.#tokens.issue(username, entry) ?? '';
  }
}
