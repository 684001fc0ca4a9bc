import type { EncodedResult } from '../../kite/call/encoded-result.js';
import type { RemoteFunction } from '../../kite/call/remote-function.js';
import type { Request } from '../../kite/serve/request.js';
import { codedError, type KiteError } from '../../protocol/errors.js';
import {
  exactQuery,
  type KiteQuery,
  noKitesFoundError,
  parseQuery,
  QueryError,
  severalKitesError,
  validateQuery,
} from '../../protocol/query.js';
import { readWireQuery } from '../../protocol/wire-query.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy, PolicyAction } from '../policy/policy.js';
import type { Credentials } from '../tokens/credentials.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { FairTurns, Steps } from './fair-turns.js';
import { inRandomOrder, KitesResponses } from './kites-responses.js';
import type { Registrar } from './registrar.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import type { TokenAudit } from './token-audit.js';
import { UserQuota } from './user-quota.js';
import { waitInTurn } from './waiting-call.js';
import type { Watchers } from './watchers.js';

export interface QueriesOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly tokens: TokenIssuer;
  readonly watchers: Watchers;
  readonly turns: FairTurns;
  readonly policy: Policy;
  readonly credentials: Credentials;
  readonly limits: KontrolLimits;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

/** A query for kites. */
interface KitesSearch {
  readonly request: Request;
  readonly caller: Caller;
  readonly query: KiteQuery;
  /** The query for the result. Differs from `query` if `kite.who` returned another. */
  readonly selected: KiteQuery;
  /** The callback of a watch. */
  readonly callback: RemoteFunction | undefined;
}

/** Throws if the caller has disconnected, so that it cannot receive the response. */
type CheckCaller = () => void;

/**
 * Implements the queries for kites and for tokens. Each user's queries are answered one after the other, in turn with those of
 * others.
 */
export class Queries {
  readonly #options: QueriesOptions;
  readonly #responses: KitesResponses;
  readonly #unanswered: UserQuota;

  constructor(options: QueriesOptions) {
    this.#options = options;
    this.#responses = new KitesResponses(options);
    this.#unanswered = new UserQuota({
      limits: options.limits,
      name: 'queriesPerUser',
      what: 'unanswered queries',
      advice: 'wait for a response before the next query',
    });
  }

  /**
   * Implements `getKites({query or glob, watchCallback or watchHandler, who})`. Returns the kites in random order, so that callers
   * are distributed over them, and silent ones last. Throws if no kite matches and no watch was requested, like the Go
   * implementation: `fetchKite` of `kite.js` cannot handle an empty list. An empty query matches all kites that the caller may
   * find.
   */
  getKites(request: Request): Promise<EncodedResult> {
    return this.#counted(request, async () => {
      const args = objectArgument(request.args[0], 'getKites expects an object with the query');
      const query = readWireQuery(args);
      const { who } = args;
      const selected = who === undefined || who === null ? query : await this.#askWho(request, query, who);
      const caller = this.#options.credentials.callerOf(request);
      const callback = args['watchCallback'] ?? args['watchHandler'];
      return this.#answer({
        request,
        caller,
        query,
        selected,
        callback: typeof callback === 'function' ? (callback as RemoteFunction) : undefined,
      });
    });
  }

  /** Implements `getToken({…query, force})` and `getToken({glob, force})`: returns a token for the single kite that matches. */
  getToken(request: Request): Promise<string> {
    return this.#counted(request, () => {
      const args = objectArgument(request.args[0], 'getToken expects a query');
      const query = readWireQuery({ query: args, glob: args['glob'] });
      validateQuery(query);
      return this.#inTurn(request, (check) => this.#token(request, query, args['force'] === true, check));
    });
  }

  /** Answers a query, which counts towards the limit of its user meanwhile. */
  async #counted<Result>({ username }: Request, answer: () => Result | Promise<Result>): Promise<Result> {
    this.#unanswered.take(username);
    try {
      return await answer();
    } finally {
      this.#unanswered.release(username);
    }
  }

  /**
   * Makes the steps of a query in the turns of its user. `mayBeGone`: whether the caller may have disconnected already. A signal
   * takes as much time as a small query, so it is created only if the query waits.
   */
  #inTurn<Result>(
    request: Request,
    begin: (checkCaller: CheckCaller) => Steps<Result>,
    mayBeGone = false,
  ): Result | Promise<Result> {
    let checks = mayBeGone;
    const check = (): void => {
      if (checks) request.signal.throwIfAborted();
    };
    const { turns, limits } = this.#options;
    const result = turns.run(request.username, begin(check));
    checks = true;
    return result instanceof Promise ? waitInTurn(request.client, result, limits) : result;
  }

  async #answer(search: KitesSearch): Promise<EncodedResult> {
    const { request } = search;
    // Such as after `kite.who`. A watch must not begin then.
    let mayBeGone = search.callback !== undefined;
    for (;;) {
      const result = await this.#inTurn(request, (check) => this.#list(search, check), mayBeGone);
      if (result) return result;
      await drained(request.client, request.signal);
      mayBeGone = true;
    }
  }

  /** Returns undefined if the caller has to read previous responses first. */
  *#list(
    { request, caller, query, selected, callback }: KitesSearch,
    checkCaller: CheckCaller,
  ): Steps<EncodedResult | undefined> {
    const { watchers, limits, audit } = this.#options;
    const { client, username } = request;
    checkCaller();
    if (client.backlog > limits.pauseBytes) return undefined;
    // The watch starts in the same step as the search, so that no change is missed.
    const watcherID = callback && watchers.add(request, caller, query, callback);
    try {
      const entries = yield* this.#find('query', username, selected, checkCaller);
      if (entries.length === 0 && watcherID === undefined) throw noKitesFoundError();
      const audited = audit?.auditedQuery(request, query);
      const content = { caller, query: selected, entries, watcherID, checkCaller, audited };
      const response = yield* this.#responses.encode(content);
      // After the response, which is sent in this turn of the event loop.
      if (watcherID !== undefined) setImmediate(() => watchers.begin(client, watcherID));
      return response;
    } catch (error) {
      if (watcherID !== undefined) watchers.cancel(client, watcherID);
      throw error;
    }
  }

  *#token(request: Request, query: KiteQuery, force: boolean, checkCaller: CheckCaller): Steps<string> {
    const { tokens, credentials } = this.#options;
    const [entry, another] = yield* this.#find('token', request.username, query, checkCaller);
    if (!entry) throw noKitesFoundError();
    if (another) throw severalKitesError();
    const token = tokens.issue(credentials.callerOf(request), entry, force);
    if (token === undefined) throw noKitesFoundError();
    return token;
  }

  /** Returns the kites that match a query and that the caller may find. */
  *#find(
    action: PolicyAction,
    username: string,
    query: KiteQuery,
    checkCaller: CheckCaller,
  ): Steps<RegistryEntry[]> {
    const { registry, policy } = this.#options;
    const found: RegistryEntry[] = [];
    for (const entry of registry.search(query)) {
      if (entry) {
        if (policy.allows(action, username, entry.kite)) found.push(entry);
      } else {
        yield undefined;
        checkCaller();
      }
    }
    return found;
  }

  *#findInAnyOrder(
    username: string,
    query: KiteQuery,
    checkCaller: CheckCaller,
  ): Steps<readonly RegistryEntry[]> {
    return yield* inRandomOrder(yield* this.#find('query', username, query, checkCaller));
  }

  /** Calls `kite.who` of one matching kite. Returns the query that it returns. */
  async #askWho(request: Request, query: KiteQuery, who: unknown): Promise<KiteQuery> {
    const { registrar } = this.#options;
    const { username } = request;
    const matching = await this.#inTurn(request, (check) => this.#findInAnyOrder(username, query, check));
    if (matching.length === 0) return query;
    let peer: ReturnType<Registrar['peerOf']>;
    for (const entry of matching) if ((peer = registrar.peerOf(entry))) break;
    if (!peer) throw notConnectedHereError(matching.filter(({ remote }) => remote).length);
    const result = await peer.call('kite.who', [who]);
    const { query: selected } = objectArgument(result, 'kite.who did not return a query');
    return exactQuery(parseQuery(selected ?? result));
  }
}

/** Resolves when the peer has read most of what was sent to it, or has disconnected. */
function drained(client: Request['client'], signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      stopWaiting();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stopWaiting = client.on('drain', done);
    signal.addEventListener('abort', done);
  });
}

function notConnectedHereError(remote: number): KiteError {
  const elsewhere = `. ${remote} of them ${remote === 1 ? 'is' : 'are'} connected to another node: omit who, or query that node`;
  const message = `who: no matching kite is connected to this Kontrol${remote > 0 ? elsewhere : ''}`;
  return codedError('genericError', 'notConnectedHere', message);
}

function objectArgument(value: unknown, message: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new QueryError(`Invalid query. ${message}`);
}
