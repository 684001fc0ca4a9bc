import type { Request } from '../../kite/serve/request.js';
import { kitePath } from '../../protocol/identity.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import type { KiteQuery } from '../../protocol/query.js';
import type { Clock, Timer } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { record } from '../../util/record.js';
import { AUDITED_AUDIENCES, type KontrolLimits } from '../limits/kontrol-limits.js';
import type { AuditedQuery, TokenAudit } from '../registry/token-audit.js';

/** What happened. `refuse`: a call that Kontrol rejected, or that failed. */
export type AuditAction =
  | 'register'
  | 'getToken'
  | 'issueKey'
  | 'invite'
  | 'signInLink'
  | 'signIn'
  | 'rotate'
  | 'revoke'
  | 'refuse';

/** An entry of the audit log. It contains no secret. */
export interface AuditEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly action: AuditAction;
  /** The method that was called, `POST /register`, or `watchCallback` for the tokens that a watch has received. */
  readonly method: string;
  /** The authenticated user. Empty if there is none. */
  readonly user: string;
  /** The IP address of the caller. Empty if it is unknown. */
  readonly address: string;
  /** What it is about: the path of a kite, a user, or the id of what was revoked. */
  readonly target?: string;
  /** Why it was refused. */
  readonly reason?: string;
  /** How many tokens were returned to a caller of `getKites`, or to its watch. */
  readonly tokens?: number;
  /** What these tokens are for: at most ten different audiences. */
  readonly audiences?: readonly string[];
  /** Refused calls before this one that have no entry, because there were too many. */
  readonly omitted?: number;
}

export interface AuditLogOptions {
  readonly write: (entry: AuditEntry) => void;
  readonly limits: Pick<KontrolLimits, 'auditedRefusals'>;
  readonly clock: Clock;
}

/** The tokens that a watch has received since its last entry. */
interface WatchedTokens {
  tokens: number;
  readonly audiences: Set<string>;
}

/** Who calls, and what. */
export interface AuditedCall {
  readonly method: string;
  readonly user: string;
  readonly address: string;
}

const ACTIONS: Readonly<Record<string, AuditAction>> = {
  register: 'register',
  getToken: 'getToken',
  registerMachine: 'issueKey',
  signInCode: 'signInLink',
  signIn: 'signIn',
  'kontrol.invite': 'invite',
  'kontrol.rotateKeys': 'rotate',
  'kontrol.revokeKeyPair': 'revoke',
  'kontrol.revokeKiteKey': 'revoke',
  'kontrol.revokeUser': 'revoke',
};

const MINUTE = 60_000;

/** Writes who registered, got access, changed or revoked it, and what was refused. */
export class AuditLog implements TokenAudit {
  readonly #options: AuditLogOptions;
  #minute = 0;
  #refusals = 0;
  #omitted = 0;
  /** The tokens of watches that do not have an entry yet. */
  readonly #watched = new Map<AuditedQuery, WatchedTokens>();
  #timer: Timer | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Returns a handler that also writes an entry for each call of the method, if it is among those that are logged. */
  audited(method: string, run: (request: Request) => unknown): (request: Request) => unknown {
    const action = ACTIONS[method];
    if (action === undefined) return run;
    return async (request) => {
      const call = { method, user: request.username, address: remoteIp(request.client.remoteAddress) };
      try {
        const result = await run(request);
        this.write(action, call, targetOf(action, request, result));
        return result;
      } catch (error) {
        this.refused(call, error);
        throw error;
      }
    };
  }

  /** Writes an entry. `target` may come from a peer: the rest of a long one is omitted. */
  write(action: AuditAction, call: AuditedCall, target: string): void {
    const time = new Date(this.#options.clock.now()).toISOString();
    this.#options.write({ time, action, ...call, target: target.slice(0, QUOTED_LENGTH) });
  }

  auditedQuery({ username, client }: Request, query: KiteQuery): AuditedQuery {
    return { user: username, address: remoteIp(client.remoteAddress), query };
  }

  queried(query: AuditedQuery, audiences: readonly string[]): void {
    const different = new Set<string>();
    for (const audience of audiences) addAudience(different, audience);
    this.#writeTokens('getKites', query, { tokens: audiences.length, audiences: different });
  }

  /** Counts the token. An entry for all tokens of the watch follows within a minute. */
  watched(query: AuditedQuery, audience: string): void {
    const received = this.#watched.get(query) ?? { tokens: 0, audiences: new Set<string>() };
    received.tokens++;
    addAudience(received.audiences, audience);
    this.#watched.set(query, received);
    this.#timer ??= this.#options.clock.setTimeout(() => this.flush(), MINUTE);
  }

  /** Writes the entries for the tokens of watches now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [query, received] of this.#watched) this.#writeTokens('watchCallback', query, received);
    this.#watched.clear();
  }

  #writeTokens(
    method: string,
    { user, address, query }: AuditedQuery,
    { tokens, audiences }: WatchedTokens,
  ): void {
    const time = new Date(this.#options.clock.now()).toISOString();
    const target = (query.id ?? queryPath(query)).slice(0, QUOTED_LENGTH);
    const received = { tokens, audiences: [...audiences] };
    this.#options.write({ time, action: 'getToken', method, user, address, target, ...received });
  }

  /** Writes that a call was refused, or counts it if there are too many. */
  refused(call: AuditedCall, error: unknown): void {
    const { limits, clock, write } = this.#options;
    const now = clock.now();
    const minute = Math.floor(now / MINUTE);
    if (minute !== this.#minute) [this.#minute, this.#refusals] = [minute, 0];
    if (++this.#refusals > limits.auditedRefusals) {
      this.#omitted++;
      return;
    }
    const omitted = this.#omitted;
    this.#omitted = 0;
    const [time, reason] = [new Date(now).toISOString(), messageOf(error)];
    write({ time, action: 'refuse', ...call, reason, ...(omitted > 0 && { omitted }) });
  }
}

/** Adds an audience, unless there are many. */
function addAudience(audiences: Set<string>, audience: string): void {
  if (audiences.size < AUDITED_AUDIENCES) audiences.add(audience);
}

function targetOf(action: AuditAction, request: Request, result: unknown): string {
  const [argument] = request.args;
  const { id, username } = record(argument);
  const named = [argument, username, id].find((value) => typeof value === 'string' && value !== '');
  if (action === 'register') return kitePath(request.kite);
  if (action === 'signIn') return String(record(result)['username']);
  if (action === 'getToken') return typeof id === 'string' && id !== '' ? id : queryPath(record(argument));
  if (action === 'rotate') return String(record(result)['id']);
  return typeof named === 'string' ? named : request.kite.username;
}

function queryPath({ username, environment, name }: Readonly<Record<string, unknown>>): string {
  return `/${[username, environment, name].filter((part) => typeof part === 'string' && part !== '').join('/')}`;
}
