import { audienceOf, newToken, TOKEN_LEEWAY, TOKEN_TTL } from '../../keys/kite-token.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import { LruMap } from '../../util/lru-map.js';
import type { KeyRing } from './key-ring.js';

export interface TokenIssuerOptions {
  readonly keyRing: KeyRing;
  /** The user that runs Kontrol. */
  readonly issuer: string;
  readonly limits: Pick<KontrolLimits, 'issuedTokens'>;
  readonly clock: Clock;
  /** Lifetime of a token in milliseconds. Default: 48 hours. */
  readonly ttl?: number | undefined;
  /** Called after each signature. */
  readonly onSign?: () => void;
}

/** The kite that a token is for, and the id of the key pair that it trusts. */
export interface TokenTarget {
  readonly kite: KiteIdentity;
  readonly keyId: string;
}

/**
 * Issues tokens. The audience is always `/user/environment/name` of the kite, so that a token is valid for all kites of that
 * name and no others. Tokens are cached for half of their lifetime.
 */
export class TokenIssuer {
  readonly #keyRing: KeyRing;
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #ttl: number;
  readonly #onSign: () => void;
  readonly #issued: LruMap<string>;

  constructor({ keyRing, issuer, limits, clock, ttl = TOKEN_TTL, onSign = () => {} }: TokenIssuerOptions) {
    this.#keyRing = keyRing;
    this.#issuer = issuer;
    this.#clock = clock;
    this.#ttl = ttl;
    this.#onSign = onSign;
    this.#issued = new LruMap(limits.issuedTokens, clock);
  }

  /** Returns whether a token for this caller and kite is cached, so that `issue` does not have to sign one. */
  has(username: string, target: TokenTarget): boolean {
    return this.#issued.get(cacheKey(username, target)) !== undefined;
  }

  /**
   * Returns a token with which `username` can call the kite. `force`: sign a new one and cache it.
   *
   * The token is signed by the key pair that the kite registered with, because the kite trusts that one. Returns undefined if
   * the pair is revoked or unknown.
   */
  issue(username: string, target: TokenTarget, force = false): string | undefined {
    const pair = this.#keyRing.get(target.keyId);
    if (!pair || pair.state === 'revoked') return undefined;
    const key = cacheKey(username, target);
    const cached = force ? undefined : this.#issued.get(key);
    if (cached !== undefined) return cached;
    const token = newToken({
      issuer: this.#issuer,
      username,
      audience: audienceOf(target.kite),
      privateKey: pair.signKey,
      clock: this.#clock,
      ttl: this.#ttl,
      leeway: Math.min(TOKEN_LEEWAY, this.#ttl),
    });
    this.#onSign();
    this.#issued.set(key, token, this.#clock.now() + this.#ttl / 2);
    return token;
  }
}

/** JSON quotes the parts, so that the key is unambiguous. */
function cacheKey(username: string, { kite, keyId }: TokenTarget): string {
  return JSON.stringify([username, kite.username, kite.environment, kite.name, keyId]);
}
