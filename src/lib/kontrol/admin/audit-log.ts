import type { Request } from '../../kite/serve/request.js';
import { kitePath } from '../../protocol/identity.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { record } from '../../util/record.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';

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
  /** The method that was called, or `POST /register`. */
  readonly method: string;
  /** The authenticated user. Empty if there is none. */
  readonly user: string;
  /** The IP address of the caller. Empty if it is unknown. */
  readonly address: string;
  /** What it is about: the path of a kite, a user, or the id of what was revoked. */
  readonly target?: string;
  /** Why it was refused. */
  readonly reason?: string;
  /** Refused calls before this one that have no entry, because there were too many. */
  readonly omitted?: number;
}

export interface AuditLogOptions {
  readonly write: (entry: AuditEntry) => void;
  readonly limits: Pick<KontrolLimits, 'auditedRefusals'>;
  readonly clock: Clock;
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
export class AuditLog {
  readonly #options: AuditLogOptions;
  #minute = 0;
  #refusals = 0;
  #omitted = 0;

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
