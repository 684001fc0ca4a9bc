import { readClaims } from '../../keys/jwt-claims.js';
import { codedError, isKiteError } from '../../protocol/errors.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';

/**
 * Gets a new token. `expiring`: the one in use is about to expire; `refused`: the other side called it expired, which
 * it also does when Kontrol has changed its keys, so that one from a cache will not do.
 */
export type RenewToken = (why: 'expiring' | 'refused') => Promise<string>;

export interface TokenRenewalOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly renewToken: RenewToken;
  /** The token in use. */
  readonly token: () => string | undefined;
  /** The token in use is about to expire, or was refused. */
  readonly expired: () => void;
  readonly renewed: (token: string) => void;
  /** Milliseconds before it expires at which a token is exchanged. Default 30,000. */
  readonly renewBefore?: number;
}

const RENEW_BEFORE = 30_000;

// Longer waits overflow a timer of Node and of browsers.
const MAX_TIMER_DELAY = 2 ** 31 - 1;

/** Keeps the token of a client good: in time by itself, and when a call was refused. */
export class TokenRenewal {
  readonly #options: TokenRenewalOptions;
  readonly #backoff = new Backoff({ initial: 1000 });
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: TokenRenewalOptions) {
    this.#options = options;
    this.schedule();
  }

  /** Plans for the token in use, after it has changed. */
  schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { clock, token, renewBefore = RENEW_BEFORE } = this.#options;
    const expiresAt = tokenExpiry(token() ?? '');
    if (expiresAt === undefined || this.#stopped) return;
    const wait = Math.max(expiresAt - renewBefore - clock.now(), 0);
    if (wait > MAX_TIMER_DELAY) this.#timer = clock.setTimeout(() => this.schedule(), MAX_TIMER_DELAY);
    else this.#plan(wait);
  }

  /** The outcome of a call; where its token was refused as expired, that of the same call with a new one. */
  async callWithRetry<Result>(token: string | undefined, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (!isKiteError(error, 'authenticationError') || !error.message.includes('token is expired'))
        throw error;
      // Another call may have been refused before, and the token renewed since.
      if (token === this.#options.token()) await this.#renew('refused');
      return await call();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #plan(wait: number): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#renew('expiring').catch((error: unknown) => {
        this.#options.logger.warn(`A token could not be renewed: ${String(error)}; trying again`);
        if (!this.#stopped) this.#plan(this.#backoff.next());
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
    this.#backoff.reset();
    this.#options.renewed(token);
  }
}

/** When a token expires, in milliseconds since 1970; undefined where it does not say. Nothing of it is verified. */
export function tokenExpiry(jwt: string): number | undefined {
  const { exp } = readClaims(jwt);
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
}
