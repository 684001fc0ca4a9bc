import type { RemoteFunction } from '../../kite/call/method-types.js';
import type { Request } from '../../kite/serve/request.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { matchesEveryKite, type KiteQuery, parseQuery, QueryError } from '../../protocol/query.js';
import type { Policy, PolicyAction } from '../policy/policy.js';
import type { Registrar } from './registrar.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { Watchers } from './watchers.js';

/** A kite that was found, as it goes over the wire. */
export interface FoundKite {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly keyId: string;
  /** Since when it is registered, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** For calling it. Empty where the caller may know of the kite and not call it. */
  readonly token: string;
}

export interface KitesResult {
  readonly kites: readonly FoundKite[];
  /** With which `cancelWatcher` ends the watch that was asked for. */
  readonly watcherID?: string;
}

export interface QueriesOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly tokens: TokenIssuer;
  readonly watchers: Watchers;
  readonly policy: Policy;
}

// Signing takes 0.4 ms: others get their turn in between.
const SIGNATURES_A_TURN = 16;

/** Answers who asks for kites, and for tokens to call them. */
export class Queries {
  readonly #options: QueriesOptions;

  constructor(options: QueriesOptions) {
    this.#options = options;
  }

  /**
   * `getKites({query, watchCallback or watchHandler, who})`: the kites, in random order so that their callers spread
   * over them. None is an error, as at a Kontrol of Go: `fetchKite` of `kite.js` throws past its caller at an empty list. A
   * watch may begin with one. A query in which nothing is set asks for all kites that the caller may find.
   */
  async getKites(request: Request): Promise<KitesResult> {
    const args = asObject(request.args[0], 'getKites takes an object with the query');
    const query = parseQuery(args['query']);
    const found = matchesEveryKite(query)
      ? this.#allowed('query', request.username, this.#options.registry.all())
      : this.#find('query', request.username, query);
    const { who } = args;
    const asked = who === undefined || who === null ? found : await this.#askWho(request, found, who);
    // The watch begins in the same turn in which the list is made, so that no change falls in between.
    const callback = args['watchCallback'] ?? args['watchHandler'];
    const watcherID =
      typeof callback === 'function'
        ? this.#options.watchers.add(request, query, callback as RemoteFunction)
        : undefined;
    if (asked.length === 0 && watcherID === undefined) throw noneFound();
    const kites = await this.#withTokens(request.username, shuffled(asked));
    return watcherID === undefined ? { kites } : { kites, watcherID };
  }

  /** `getToken({…query, force})`: a token for the one kite that the query asks for. */
  getToken(request: Request): string {
    const args = asObject(request.args[0], 'getToken takes a query');
    const [entry, other] = this.#find('token', request.username, parseQuery(args));
    if (!entry) throw noneFound();
    if (other) throw new KiteError('genericError', 'query matches more than one kite');
    const token = this.#options.tokens.issue(request.username, entry, args['force'] === true);
    if (token === undefined) throw noneFound();
    return token;
  }

  #find(action: PolicyAction, username: string, query: KiteQuery): RegistryEntry[] {
    return this.#allowed(action, username, this.#options.registry.find(query));
  }

  #allowed(action: PolicyAction, username: string, entries: readonly RegistryEntry[]): RegistryEntry[] {
    return entries.filter(({ kite }) => this.#options.policy.allows(action, username, kite));
  }

  /** Lets one of the kites say which ones the caller is to get. */
  async #askWho(request: Request, found: readonly RegistryEntry[], who: unknown): Promise<RegistryEntry[]> {
    if (found.length === 0) return [];
    const { registrar } = this.#options;
    const peer = shuffled(found)
      .map((entry) => registrar.peerOf(entry))
      .find((candidate) => candidate !== undefined);
    if (!peer) throw noneToAsk(found.filter(({ remote }) => remote).length);
    const answer = await peer.call('kite.who', [who]);
    const { query } = asObject(answer, 'kite.who answered with something that is not a query');
    return this.#find('query', request.username, parseQuery(query ?? answer));
  }

  async #withTokens(username: string, entries: readonly RegistryEntry[]): Promise<FoundKite[]> {
    const { tokens, policy } = this.#options;
    const kites: FoundKite[] = [];
    let signatures = 0;
    for (const entry of entries) {
      const { kite, url, keyId, registeredAt } = entry;
      const mayCall = policy.allows('token', username, kite);
      if (mayCall && !tokens.has(username, entry) && ++signatures % SIGNATURES_A_TURN === 0) await nextTurn();
      const token = (mayCall && tokens.issue(username, entry)) || '';
      kites.push({ kite, url, keyId, registeredAt, token });
    }
    return kites;
  }
}

function noneToAsk(remote: number): KiteError {
  const elsewhere = `. ${remote} of them ${remote === 1 ? 'is' : 'are'} kept by another node: ask without who, or ask that node`;
  const message = `who: none of the kites that match is connected to this Kontrol, so that none can be asked${remote > 0 ? elsewhere : ''}`;
  return codedError('genericError', 'notConnectedHere', message);
}

function noneFound(): KiteError {
  return new KiteError('genericError', 'no kites found');
}

function asObject(value: unknown, message: string): Record<string, unknown> {
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
