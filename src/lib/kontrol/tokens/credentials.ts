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
import { tokenExpiredError } from '../../keys/jwt.js';

/** A valid kite key: signed by one of Kontrol's key pairs, and not revoked. */
export interface VerifiedKiteKey {
  readonly username: string;
  /** The `jti` of the kite key. Empty if it does not have one. */
  readonly id: string;
  /** The key pair that signed the kite key. */
  readonly pair: RingPair;
}

export interface CredentialsOptions {
  readonly keyRing: KeyRing;
  /** The identity of Kontrol's kite, which tokens must be issued for. */
  readonly identity: KiteIdentity;
  readonly limits: Pick<KontrolLimits, 'verifiedKiteKeys'>;
  readonly clock: Clock;
}

/** Verifies the kite keys and tokens of callers. Throws an error with the reason if they are not valid. */
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

  /** @throws JwtError, or KiteError with code `keyPairRevoked` */
  verifyKiteKey(jwt: string): VerifiedKiteKey {
    checkLength(jwt);
    const cached = this.#kiteKeys.get(jwt);
    if (cached) return cached;
    const kontrolKey = stringClaim(decodeJwt(jwt).claims, 'kontrolKey');
    if (kontrolKey === undefined)
      throw new JwtError('claims', 'it is not a kite key: "kontrolKey" is missing');
    const pair = this.#keyRing.findByPublicKey(kontrolKey);
    if (!pair) throw new JwtError('signature', 'it was not signed by this Kontrol');
    const claims = verifyJwt(jwt, pair.verifyKey, { clock: this.#clock, leeway: TOKEN_LEEWAY });
    if (pair.state === 'revoked') {
      throw keyPairRevokedError();
    }
    const { username, id } = kiteKeyOf(jwt, claims);
    if (this.#keyRing.isRevokedKiteKey(id))
      throw new JwtError('claims', 'it was revoked; get a new kite key');
    const verified = { username, id, pair };
    this.#kiteKeys.set(jwt, verified, expiryTime(claims));
    return verified;
  }

  /**
   * Verifies a token for calling Kontrol, and returns its user.
   *
   * @throws JwtError
   */
  verifyToken(jwt: string): string {
    checkLength(jwt);
    const token = tokenOf(this.#verifyWithAnyKey(jwt));
    if (token.issuer !== this.#identity.username) {
      throw new JwtError('claims', `issuer is not trusted: ${token.issuer.slice(0, QUOTED_LENGTH)}`);
    }
    if (!audienceIncludes(token.audience, this.#identity)) {
      throw new JwtError(
        'claims',
        `it was issued for other kites: its audience is ${token.audience.slice(0, QUOTED_LENGTH)}`,
      );
    }
    return token.username;
  }

  #verifyWithAnyKey(jwt: string): Claims {
    for (const { verifyKey } of this.#keyRing.accepted) {
      try {
        return verifyJwt(jwt, verifyKey, { clock: this.#clock });
      } catch (error) {
        if (!isJwtError(error)) throw error;
        if (error.reason === 'expired') throw tokenExpiredError();
        if (error.reason !== 'signature') throw error;
      }
    }
    // Callers renew their token on this error.
    throw tokenExpiredError();
  }
}

/** Kites recognize the code, and stop trusting the key pair as well. */
function keyPairRevokedError(): KiteError {
  const message = 'the key pair that signed it was revoked; get a new kite key';
  return codedError('authenticationError', 'keyPairRevoked', message);
}

/** Returns the error to send to a caller whose kite key is not valid. Returns other errors unchanged. */
export function kiteKeyError(error: unknown): unknown {
  if (!isJwtError(error) && !isKiteError(error, 'authenticationError')) return error;
  const code = isKiteError(error) ? error.code : '';
  return new KiteError('authenticationError', `kiteKey: ${error.message}`, { code });
}

function checkLength(jwt: string): void {
  if (jwt.length > JWT_LENGTH) throw new JwtError('malformed', `it is longer than ${JWT_LENGTH} characters`);
}

function expiryTime(claims: Claims): number {
  const expiresAt = claims['exp'];
  return typeof expiresAt === 'number' ? expiresAt * 1000 : Number.POSITIVE_INFINITY;
}
