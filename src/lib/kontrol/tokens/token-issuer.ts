import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { audienceIncludes, audienceOf, newToken, TOKEN_TTL, tokenLength } from '../../keys/kite-token.js';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import { LruMap } from '../../util/lru-map.js';
import { NAME_DEPTH, type Policy } from '../policy/policy.js';
import type { Caller } from './caller.js';
import type { KeyRing, RingPair } from './key-ring.js';

export interface TokenIssuerOptions {
  readonly keyRing: KeyRing;
  /** Kontrol's own kite: tokens for it can be renewed, until their session ends. */
  readonly identity: KiteIdentity;
  /** The user that runs Kontrol. */
  readonly issuer: string;
  readonly limits: Pick<KontrolLimits, 'issuedTokens' | 'sessionTtl'>;
  readonly clock: Clock;
  /** Lifetime of a token in milliseconds. Default: 48 hours. */
  readonly ttl?: number | undefined;
  /** Decides how narrow the audience of a token is. */
  readonly policy: Pick<Policy, 'tokenDepth'>;
  /** Called after each signature. */
  readonly onSign?: () => void;
}

/** The kite that a token is for, and the id of the key pair that it trusts. */
export interface TokenTarget {
  readonly kite: KiteIdentity;
  readonly keyId: string;
}

/**
 * Issues tokens. The audience is `/user/environment/name` of the kite, so that a token is valid for all kites of that name and
 * no others. It is narrower if the policy depends on further fields. A token names the kite key for which it was issued, so it
 * ends with this key. One that was issued for a token ends with the session of that token. Tokens are cached for half of their
 * lifetime.
 */
export class TokenIssuer {
  readonly #keyRing: KeyRing;
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #ttl: number;
  readonly #onSign: () => void;
  readonly #identity: KiteIdentity;
  readonly #sessionTtl: number;
  readonly #policy: Pick<Policy, 'tokenDepth'>;
  readonly #issued: LruMap<string>;

  constructor(options: TokenIssuerOptions) {
    const { keyRing, identity, issuer, limits, clock, ttl = TOKEN_TTL, onSign = () => {} } = options;
    this.#identity = identity;
    this.#policy = options.policy;
    this.#sessionTtl = limits.sessionTtl;
    this.#keyRing = keyRing;
    this.#issuer = issuer;
    this.#clock = clock;
    this.#ttl = ttl;
    this.#onSign = onSign;
    this.#issued = new LruMap(limits.issuedTokens, clock);
  }

  /** Returns the token for this caller and kite that is cached, so that `issue` does not have to sign one. */
  cached(caller: Caller, target: TokenTarget): string | undefined {
    return this.#issued.get(cacheKey(caller, target.keyId, this.audienceFor(caller, target)));
  }

  /** Returns when a session that begins now ends, in milliseconds since 1970. */
  newSessionEnd(): number {
    return this.#clock.now() + this.#sessionTtl;
  }

  /**
   * Returns a token with which the caller can call the kite. `force`: sign a new one and cache it.
   *
   * The token is signed by the key pair that the kite registered with, because the kite trusts that one. Returns undefined if
   * the pair is revoked or unknown, or the session of the caller has ended.
   */
  issue(caller: Caller, target: TokenTarget, force = false): string | undefined {
    const pair = this.#usablePair(caller, target);
    if (!pair) return undefined;
    const audience = this.audienceFor(caller, target);
    const key = cacheKey(caller, target.keyId, audience);
    const cached = force ? undefined : this.#issued.get(key);
    if (cached !== undefined) return cached;
    const options = this.#newToken(caller, audience, pair);
    const token = newToken(options);
    this.#onSign();
    this.#issued.set(key, token, options.ttl / 2);
    return token;
  }

  /** Returns the length of the token that `issue` would return, without signing it. */
  lengthOf(caller: Caller, target: TokenTarget): number {
    const pair = this.#usablePair(caller, target);
    if (!pair) return 0;
    const audience = this.audienceFor(caller, target);
    const cached = this.#issued.get(cacheKey(caller, target.keyId, audience));
    return cached?.length ?? tokenLength(this.#newToken(caller, audience, pair));
  }

  #usablePair(caller: Caller, target: TokenTarget): RingPair | undefined {
    const pair = this.#keyRing.get(target.keyId);
    return pair?.state === 'revoked' || caller.sessionEnd <= this.#clock.now() ? undefined : pair;
  }

  #newToken(caller: Caller, audience: string, pair: RingPair) {
    const renewable = audienceIncludes(audience, this.#identity);
    return {
      issuer: this.#issuer,
      username: caller.username,
      audience,
      privateKey: pair.signKey,
      clock: this.#clock,
      ttl: Math.min(this.#ttl, caller.sessionEnd - this.#clock.now()),
      leeway: Math.min(TOKEN_LEEWAY, this.#ttl),
      descent: caller,
      ...(renewable && { sessionEnd: Math.min(caller.sessionEnd, this.newSessionEnd()) }),
    };
  }

  /** Returns the audience of the tokens with which the caller can call the kite. */
  audienceFor({ username }: Caller, { kite }: TokenTarget): string {
    const depth = this.#policy.tokenDepth?.(username, kite) ?? NAME_DEPTH;
    if (depth <= NAME_DEPTH) return audienceOf(kite);
    return `/${IDENTITY_FIELDS.slice(0, depth)
      .map((field) => kite[field])
      .join('/')}`;
  }
}

/** JSON quotes the parts, so that the key is unambiguous. */
function cacheKey(caller: Caller, keyId: string, audience: string): string {
  const { username, kiteKeyId, issuedAt, sessionEnd } = caller;
  return JSON.stringify([username, kiteKeyId, issuedAt, sessionEnd, audience, keyId]);
}
