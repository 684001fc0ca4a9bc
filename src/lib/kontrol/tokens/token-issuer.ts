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
  /** Milliseconds that a token is good for. Default 48 hours. */
  readonly ttl?: number | undefined;
  /** Called at each signature. */
  readonly onSign?: () => void;
}

/** Whom a token is for: a kite that was found, and the pair that it trusts. */
export interface TokenTarget {
  readonly kite: KiteIdentity;
  readonly keyId: string;
}

/**
 * Issues tokens. The audience is `/user/environment/name` of the kite that was found, whatever the query was, so that one
 * token serves all kites of that name and nothing else. A token is handed out again while more than half its life is left.
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

  /** Whether a token for this caller and kite is at hand, so that `issue` need not sign. */
  has(username: string, target: TokenTarget): boolean {
    return this.#issued.get(cacheKey(username, target)) !== undefined;
  }

  /**
   * A token with which `username` calls the kite. `force`: a new one, which is handed out from then on.
   *
   * Signed by the pair with which the kite registered, since that is the one it trusts; undefined where that pair is
   * revoked or not known.
   */
  issue(username: string, target: TokenTarget, force = false): string | undefined {
    const pair = this.#keyRing.get(target.keyId);
    if (!pair || pair.state === 'revoked') return undefined;
    const key = cacheKey(username, target);
    const known = force ? undefined : this.#issued.get(key);
    if (known !== undefined) return known;
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

/** The parts are quoted, so that no two pairs of caller and audience can look the same. */
function cacheKey(username: string, { kite, keyId }: TokenTarget): string {
  return JSON.stringify([username, kite.username, kite.environment, kite.name, keyId]);
}
