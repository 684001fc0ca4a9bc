import { hasStreams } from './tagged-message.js';
import { messageOf } from '../../util/message-of.js';
import { readClaims, TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { codedError, isKiteError } from '../../protocol/errors.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { KontrolTime } from './kontrol-time.js';
import type { Logger } from '../../util/logger.js';

/**
 * Gets a new token. `expiring`: the current token is about to expire. `refused`: the called kite rejected it as expired. A
 * kite also does that after Kontrol has changed its keys, so a cached token must not be returned then.
 */
export type RenewToken = (why: 'expiring' | 'refused') => Promise<string>;

export interface TokenRenewalOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly renewToken: RenewToken;
  /** The current token. */
  readonly token: () => string | undefined;
  /** Called when the current token is about to expire, or was rejected. */
  readonly expired: () => void;
  readonly renewed: (token: string) => void;
  /** How long before its expiry a token is renewed, in milliseconds. Default: 30,000. */
  readonly renewBefore?: number;
}

const RENEW_BEFORE = 30_000;

/** Renews the token of a client before it expires, and when a call is rejected because it has expired. */
export class TokenRenewal {
  readonly #options: TokenRenewalOptions;
  readonly #time: KontrolTime;
  readonly #backoff = new Backoff({ initial: 1000 });
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** Whether the current token was renewed here. */
  #isRenewed = false;
  #stopped = false;

  constructor(options: TokenRenewalOptions) {
    this.#options = options;
    this.#time = new KontrolTime(options.clock);
    this.schedule();
  }

  /** Schedules the renewal of the current token. Call it after the token has changed. */
  schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { token, renewBefore = RENEW_BEFORE } = this.#options;
    const current = token() ?? '';
    const expiresAt = tokenExpiry(current);
    if (expiresAt === undefined || this.#stopped) return;
    this.#compareClocks(current, expiresAt);
    const left = expiresAt - this.#time.now();
    let wait = Math.max(left - renewBefore, 0);
    if (wait > 0) this.#backoff.reset();
    // A token that is as old when it arrives must not be exchanged again at once.
    else if (this.#isRenewed) wait = Math.max(this.#backoff.next(), left / 2);
    this.#renewAfter(wait);
  }

  /**
   * Runs a call. If its token is rejected as expired, renews the token and runs the call again. A call with streams among its
   * arguments fails instead, because they have ended with it.
   */
  async callWithRetry<Result>(
    token: string | undefined,
    args: readonly unknown[],
    call: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (!isKiteError(error, 'authenticationError') || !error.message.includes('token is expired'))
        throw error;
      // The token may have been renewed for another call already.
      if (token === this.#options.token()) await this.#renew('refused');
      if (hasStreams(args)) throw error;
      return await call();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #renewAfter(wait: number): void {
    // There may be one for a token that was set during the renewal that has failed.
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#renew('expiring').catch((error: unknown) => {
        if (this.#stopped) return;
        this.#options.logger.warn(`Cannot renew a token: ${messageOf(error)}; trying again`);
        this.#renewAfter(this.#backoff.next());
      });
    }, wait);
  }

  #renew(why: 'expiring' | 'refused'): Promise<void> {
    this.#running ??= this.#exchange(why).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #exchange(why: 'expiring' | 'refused'): Promise<void> {
    this.#options.expired();
    const token = await this.#options.renewToken(why);
    if (this.#stopped) throw codedError('disconnect', 'closed', 'The client was closed');
    this.#isRenewed = true;
    this.#options.renewed(token);
  }

  /** Corrects the time if the token shows that the clock here differs from that of Kontrol. */
  #compareClocks(token: string, expiresAt: number): void {
    // NaN, with which no time is compared, if the token does not have it.
    const from = Number(readClaims(token)['iat']) * 1000;
    const issuedAt = from + Math.min(TOKEN_LEEWAY, (expiresAt - from) / 3);
    // Kontrol sends a token only in the first half of its lifetime. The token that a program begins with may be older.
    const to = this.#isRenewed ? (from + expiresAt) / 2 : Infinity;
    const correction = this.#time.observe(from, to, issuedAt);
    if (correction === 0) return;
    const seconds = Math.round(Math.abs(correction) / 1000);
    this.#options.logger.warn(
      `The clock here is ${seconds} s ${correction > 0 ? 'behind' : 'ahead of'} that of Kontrol`,
    );
  }
}

/** Returns the expiry of a token in milliseconds since 1970, unverified; undefined if it has none. */
export function tokenExpiry(jwt: string): number | undefined {
  const { exp } = readClaims(jwt);
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
}
