import { type Claims, decodeJwt, isJwtError, JwtError, verifyJwt } from '../../keys/index.js';
import { stringClaim } from '../../keys/jwt-claims.js';
import { kiteKeyOf } from '../../keys/kite-key.js';
import { audienceIncludes, TOKEN_LEEWAY, tokenOf } from '../../keys/kite-token.js';
import { codedError, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import { LruMap } from '../../util/lru-map.js';
import type { KeyRing, RingPair } from './key-ring.js';
import { JWT_LENGTH } from '../../keys/key-limits.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

/** A kite key that one of Kontrol's pairs signed, and that is not revoked. */
export interface VerifiedKiteKey {
  readonly username: string;
  /** `jti`. Empty where it has none. */
  readonly id: string;
  /** The pair that signed it. */
  readonly pair: RingPair;
}

export interface CredentialsOptions {
  readonly keyRing: KeyRing;
  /** Kontrol's own. */
  readonly identity: KiteIdentity;
  readonly limits: Pick<KontrolLimits, 'verifiedKiteKeys'>;
  readonly clock: Clock;
}

/** Checks what callers of Kontrol show. Whatever is wrong is thrown, with what it is. */
export class Credentials {
  readonly #keyRing: KeyRing;
  readonly #identity: KiteIdentity;
  readonly #clock: Clock;
  readonly #kiteKeys: LruMap<VerifiedKiteKey>;

  constructor({ keyRing, identity, limits, clock }: CredentialsOptions) {
    this.#keyRing = keyRing;
    this.#identity = identity;
    this.#clock = clock;
    this.#kiteKeys = new LruMap(limits.verifiedKiteKeys, clock);
    keyRing.on('change', () => this.#kiteKeys.clear());
  }

  /** @throws JwtError, or KiteError `keyPairRevoked` */
  verifyKiteKey(jwt: string): VerifiedKiteKey {
    checkLength(jwt);
    const known = this.#kiteKeys.get(jwt);
    if (known) return known;
    const kontrolKey = stringClaim(decodeJwt(jwt).claims, 'kontrolKey');
    if (kontrolKey === undefined)
      throw new JwtError('claims', 'it is not a kite key: "kontrolKey" is missing');
    const pair = this.#keyRing.find(kontrolKey);
    if (!pair) throw new JwtError('signature', 'it was not signed by this Kontrol');
    const claims = verifyJwt(jwt, pair.verifyKey, { clock: this.#clock, leeway: TOKEN_LEEWAY });
    if (pair.state === 'revoked') {
      throw pairRevoked();
    }
    const { username, id } = kiteKeyOf(jwt, claims);
    if (this.#keyRing.isRevokedKiteKey(id))
      throw new JwtError('claims', 'it was revoked; get a new kite key');
    const verified = { username, id, pair };
    this.#kiteKeys.set(jwt, verified, expiryOf(claims));
    return verified;
  }

  /**
   * The user of a token for calling Kontrol itself.
   *
   * @throws JwtError
   */
  verifyToken(jwt: string): string {
    checkLength(jwt);
    const token = tokenOf(this.#verifyUnderAny(jwt));
    if (token.issuer !== this.#identity.username) {
      throw new JwtError('claims', `issuer is not trusted: ${token.issuer.slice(0, QUOTED_LENGTH)}`);
    }
    if (!audienceIncludes(token.audience, this.#identity)) {
      throw new JwtError(
        'claims',
        `it is for other kites: its audience is ${token.audience.slice(0, QUOTED_LENGTH)}`,
      );
    }
    return token.username;
  }

  #verifyUnderAny(jwt: string): Claims {
    for (const { verifyKey } of this.#keyRing.accepted) {
      try {
        return verifyJwt(jwt, verifyKey, { clock: this.#clock });
      } catch (error) {
        if (!isJwtError(error)) throw error;
        if (error.reason === 'expired') throw tokenIsExpired();
        if (error.reason !== 'signature') throw error;
      }
    }
    // Callers renew their token when they read this.
    throw tokenIsExpired();
  }
}

/** By its code a kite learns that it must not trust that pair either. */
function pairRevoked(): KiteError {
  const message = 'the key pair that signed it was revoked; get a new kite key';
  return codedError('authenticationError', 'keyPairRevoked', message);
}

/** What a caller with a kite key that is not accepted is answered. What is something else stays as it is. */
export function kiteKeyRefusal(error: unknown): unknown {
  if (!isJwtError(error) && !isKiteError(error, 'authenticationError')) return error;
  const code = isKiteError(error) ? error.code : '';
  return new KiteError('authenticationError', `kiteKey: ${error.message}`, { code });
}

function checkLength(jwt: string): void {
  if (jwt.length > JWT_LENGTH) throw new JwtError('malformed', `it is longer than ${JWT_LENGTH} characters`);
}

function expiryOf(claims: Claims): number {
  const expiresAt = claims['exp'];
  return typeof expiresAt === 'number' ? expiresAt * 1000 : Number.POSITIVE_INFINITY;
}

function tokenIsExpired(): JwtError {
  return new JwtError('expired', 'token is expired');
}
