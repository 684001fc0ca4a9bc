import type { RemoteFunction } from '../../kite/call/method-types.js';
import type { Request } from '../../kite/serve/request.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { matchesEveryKite, type KiteQuery, parseQuery, QueryError } from '../../protocol/query.js';
import type { Policy, PolicyAction } from '../policy/policy.js';
import type { Registrar } from './registrar.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { Credentials } from '../tokens/credentials.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { TokenAudit } from './token-audit.js';
import type { Watchers } from './watchers.js';

/** A kite in the result of `getKites`, as sent over the wire. */
export interface KiteWithToken {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly keyId: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** A token to call the kite. Empty if the policy allows the caller to find the kite but not to call it. */
  readonly token: string;
}

export interface KitesResult {
  readonly kites: readonly KiteWithToken[];
  /** The id to pass to `cancelWatcher`, if the caller requested a watch. */
  readonly watcherID?: string;
}

export interface QueriesOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly tokens: TokenIssuer;
  readonly watchers: Watchers;
  readonly policy: Policy;
  readonly credentials: Credentials;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

// A signature takes 0.4 ms. Yielding in between keeps the event loop responsive.
const SIGNATURES_PER_TURN = 16;

/** Implements the queries for kites and for tokens. */
export class Queries {
  readonly #options: QueriesOptions;

  constructor(options: QueriesOptions) {
    this.#options = options;
  }

  /**
   * Implements `getKites({query, watchCallback or watchHandler, who})`. Returns the kites in random order, so that callers are
   * distributed over them. Throws if no kite matches and no watch was requested, like the Go implementation: `fetchKite` of
   * `kite.js` cannot handle an empty list. An empty query matches all kites that the caller may find.
   */
  async getKites(request: Request): Promise<KitesResult> {
    const args = objectArgument(request.args[0], 'getKites expects an object with the query');
    const query = parseQuery(args['query']);
    const matching = matchesEveryKite(query)
      ? this.#allowed('query', request.username, this.#options.registry.all())
      : this.#find('query', request.username, query);
    const { who } = args;
    const selected =
      who === undefined || who === null ? matching : await this.#selectByWho(request, matching, who);
    const caller = this.#options.credentials.callerOf(request);
    // The watch starts in the same turn of the event loop as the query, so that no change is missed.
    const callback = args['watchCallback'] ?? args['watchHandler'];
    const watcherID =
      typeof callback === 'function'
        ? this.#options.watchers.add(request, caller, query, callback as RemoteFunction)
        : undefined;
    if (selected.length === 0 && watcherID === undefined) throw noKitesFoundError();
    const kites = await this.#withTokens(request, query, caller, shuffled(selected));
    return watcherID === undefined ? { kites } : { kites, watcherID };
  }

  /** Implements `getToken({…query, force})`: returns a token for the single kite that matches the query. */
  getToken(request: Request): string {
    const args = objectArgument(request.args[0], 'getToken expects a query');
    const [entry, another] = this.#find('token', request.username, parseQuery(args));
    if (!entry) throw noKitesFoundError();
    if (another) throw new KiteError('genericError', 'query matches more than one kite');
    const { tokens, credentials } = this.#options;
    const token = tokens.issue(credentials.callerOf(request), entry, args['force'] === true);
    if (token === undefined) throw noKitesFoundError();
    return token;
  }

  #find(action: PolicyAction, username: string, query: KiteQuery): RegistryEntry[] {
    return this.#allowed(action, username, this.#options.registry.find(query));
  }

  #allowed(action: PolicyAction, username: string, entries: readonly RegistryEntry[]): RegistryEntry[] {
    return entries.filter(({ kite }) => this.#options.policy.allows(action, username, kite));
  }

  /** Calls `kite.who` of one matching kite, which returns the query for the result. */
  async #selectByWho(
    request: Request,
    matching: readonly RegistryEntry[],
    who: unknown,
  ): Promise<RegistryEntry[]> {
    if (matching.length === 0) return [];
    const { registrar } = this.#options;
    const peer = shuffled(matching)
      .map((entry) => registrar.peerOf(entry))
      .find((candidate) => candidate !== undefined);
    if (!peer) throw notConnectedHereError(matching.filter(({ remote }) => remote).length);
    const result = await peer.call('kite.who', [who]);
    const { query } = objectArgument(result, 'kite.who did not return a query');
    return this.#find('query', request.username, parseQuery(query ?? result));
  }

  async #withTokens(
    request: Request,
    query: KiteQuery,
    caller: Caller,
    entries: readonly RegistryEntry[],
  ): Promise<KiteWithToken[]> {
    const { tokens, policy, audit } = this.#options;
    const audiences: string[] = [];
    const kites: KiteWithToken[] = [];
    let signatures = 0;
    for (const entry of entries) {
      const { kite, url, keyId, registeredAt } = entry;
      const mayCall = policy.allows('token', caller.username, kite);
      if (mayCall && !tokens.has(caller, entry) && ++signatures % SIGNATURES_PER_TURN === 0)
        await yieldToEventLoop();
      const token = (mayCall && tokens.issue(caller, entry)) || '';
      if (audit && token !== '') audiences.push(tokens.audienceFor(caller, entry));
      kites.push({ kite, url, keyId, registeredAt, token });
    }
    if (audiences.length > 0) audit?.queried(audit.auditedQuery(request, query), audiences);
    return kites;
  }
}

function notConnectedHereError(remote: number): KiteError {
  const elsewhere = `. ${remote} of them ${remote === 1 ? 'is' : 'are'} connected to another node: omit who, or query that node`;
  const message = `who: no matching kite is connected to this Kontrol${remote > 0 ? elsewhere : ''}`;
  return codedError('genericError', 'notConnectedHere', message);
}

function noKitesFoundError(): KiteError {
  return new KiteError('genericError', 'no kites found');
}

function objectArgument(value: unknown, message: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new QueryError(`Invalid query. ${message}`);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const list = [...items];
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    const item = list[last] as Item;
    list[last] = list[other] as Item;
    list[other] = item;
  }
  return list;
}

function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
