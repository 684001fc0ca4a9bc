import { hasCode, isKiteError, KiteError } from '../../protocol/errors.js';
import { kitePath } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import { isThenable } from '../../util/is-thenable.js';
import type { Logger } from '../../util/logger.js';
import { stackWithCauses } from '../../util/message-of.js';
import { TokenBucket } from '../../util/token-bucket.js';
import type { FailedRequest } from '../call/call-errors.js';
import { FAILURE_LOG_BURST, FAILURE_LOG_INTERVAL, LOGGED_LENGTH } from '../limits/kite-limits.js';
import type { Request } from './request.js';

/**
 * What callers see of the failure of a handler. `message`: the message, the code and the type of what was thrown. `masked`: the
 * same of a KiteError, and nothing of anything else. A function returns what callers see instead: an error, or a string. `request`
 * is undefined for a callback.
 */
export type ErrorPolicy = 'message' | 'masked' | ((error: unknown, request: Request | undefined) => unknown);

export interface HandlerFailuresOptions {
  readonly policy: ErrorPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a caller sees of a failure that is masked. The id of the request is a field of the error. */
export const MASKED_MESSAGE =
  'The method failed. The log of the kite has the reason, with the id of this request';

/** Logs the failures of handlers, and decides what their callers see of them. */
export class HandlerFailures {
  readonly #policy: ErrorPolicy;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #methods = new Map<string, { readonly bucket: TokenBucket; hidden: number }>();

  constructor({ policy, clock, logger }: HandlerFailuresOptions) {
    this.#policy = policy;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Logs a failure. Returns the error that the caller gets. Never throws. */
  failed(error: unknown, request: FailedRequest): unknown {
    // A callback has no id. Its failures are logged elsewhere.
    if (request.method !== undefined) this.#log(request.method, error, request);
    return this.shown(error, request.method === undefined ? undefined : (request as Request));
  }

  /** Returns the error that a peer gets. Never throws. */
  shown(thrown: unknown, request?: Request): unknown {
    if (this.#policy === 'message') return thrown;
    try {
      if (this.#policy === 'masked') return masked(thrown);
      const shown: unknown = this.#policy(thrown, request);
      if (!isThenable(shown)) return shown ?? masked(undefined);
      // Its rejection must not end the process.
      Promise.resolve(shown).catch(() => undefined);
      this.#policyFailed('it returned a promise; it must return an error or a string');
    } catch (failure) {
      this.#policyFailed(stackWithCauses(failure));
    }
    return masked(undefined);
  }

  #policyFailed(why: string): void {
    this.#logger.error(`The function in the option errors failed: ${why}`);
  }

  #log(method: string, error: unknown, request: FailedRequest): void {
    // What a handler throws on purpose, and what happens when nobody waits, are not bugs.
    const isExpected =
      !hasCode(error, 'methodTimeout') &&
      (isKiteError(error) || request.canceled === true || request.expired === true);
    const hidden = isExpected ? undefined : this.#take(method);
    if (hidden === undefined && this.#logger.isLevelEnabled?.('debug') === false) return;
    const text = `${JSON.stringify(method)} failed for ${callerOf(request)}, request ${request.id}: ${stackWithCauses(error)}`;
    if (hidden === undefined) this.#logger.debug(text);
    else this.#logger.error(hidden > 0 ? `${text}\n${hidden} failures before it are debug messages` : text);
  }

  /**
   * Callers must not fill the log. Returns the number of failures of this method that were not logged as errors since the last one
   * that was, and undefined if this one is not.
   */
  #take(method: string): number | undefined {
    let entry = this.#methods.get(method);
    if (!entry) {
      entry = { bucket: new TokenBucket(FAILURE_LOG_INTERVAL, FAILURE_LOG_BURST, this.#clock), hidden: 0 };
      this.#methods.set(method, entry);
    }
    const { hidden } = entry;
    if (entry.bucket.take()) {
      entry.hidden = 0;
      return hidden;
    }
    entry.hidden++;
    return undefined;
  }
}

/** A KiteError is meant for callers; its cause is not. */
function masked(error: unknown): unknown {
  if (!isKiteError(error)) return new KiteError('genericError', MASKED_MESSAGE);
  const { type, message, code, id, data, cause, name } = error;
  if (cause === undefined) return error;
  return Object.assign(new KiteError(type, message, { code, id, data }), { name });
}

/** The identity is a claim of the caller, and may contain anything. */
function callerOf({ username = '', kite, client }: FailedRequest): string {
  const user = username === '' ? 'a caller without authentication' : JSON.stringify(username);
  const claim = kite ? JSON.stringify(kitePath(kite).slice(0, LOGGED_LENGTH)) : 'unknown';
  return `${user} at ${client?.remoteAddress ?? 'an unknown address'} (kite ${claim})`;
}
