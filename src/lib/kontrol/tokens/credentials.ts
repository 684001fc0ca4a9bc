import type { ConnectionCredential } from '../../kite/call/connection-credential.js';
import type { Request } from '../../kite/serve/request.js';
import { type Claims, decodeJwt, isJwtError, JwtError, verifyJwt } from '../../keys/index.js';
import { timeClaim } from '../../keys/jwt.js';
import { stringClaim, TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { descentOfKiteKey, renewalTime, verifyKiteKey } from '../../keys/kite-key.js';
import { audienceIncludes, descentOfToken, tokenOf } from '../../keys/kite-token.js';
import type { Descent } from '../../keys/revoked-ids.js';
import { codedError, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import { LruMap } from '../../util/lru-map.js';
import type { KeyRing, RingPair } from './key-ring.js';
import { JWT_LENGTH } from '../../keys/key-limits.js';
import { record } from '../../util/record.js';
import type { Caller } from './caller.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { tokenExpiredError } from '../../keys/jwt.js';

/** A caller of Kontrol with a valid credential: signed by one of Kontrol's key pairs, and not revoked. */
export interface VerifiedCaller extends ConnectionCredential, Caller {
  /** The key pair that signed the credential. */
  readonly pair: RingPair;
  readonly type: 'kiteKey' | 'session';
  readonly sessionEnd: number;
  /** Lifetime of a kite key that expires, in milliseconds. */
  readonly keyTtl: number | undefined;
  /** From when a registration renews the kite key, in milliseconds since 1970. Infinity if it does not expire. */
  readonly renewAt: number;
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
  readonly #kiteKeys: LruMap<VerifiedCaller>;

  constructor({ keyRing, identity, limits, clock }: CredentialsOptions) {
    this.#keyRing = keyRing;
    this.#identity = identity;
    this.#clock = clock;
    this.#kiteKeys = new LruMap(limits.verifiedKiteKeys, clock);
    keyRing.on('change', () => this.#kiteKeys.clear());
  }

  /** @throws JwtError, or KiteError with code `keyPairRevoked`, `kiteKeyRevoked` or `kiteKeyExpired` */
  verifyKiteKey(jwt: string): VerifiedCaller {
    checkLength(jwt);
    const cached = this.#kiteKeys.get(jwt);
    if (cached) return cached;
    const kontrolKey = stringClaim(decodeJwt(jwt).claims, 'kontrolKey');
    if (kontrolKey === undefined)
      throw new JwtError('claims', 'it is not a kite key: "kontrolKey" is missing');
    const pair = this.#keyRing.findByPublicKey(kontrolKey);
    if (!pair) throw new JwtError('signature', 'it was not signed by this Kontrol');
    const kiteKey = verifyKiteKey(jwt, pair.verifyKey, this.#clock);
    if (pair.state === 'revoked') {
      throw keyPairRevokedError();
    }
    const descent = descentOfKiteKey(kiteKey);
    if (this.#keyRing.isRevoked(descent)) throw kiteKeyRevokedError('it was revoked');
    const { ttl: keyTtl, expiresAt = Number.POSITIVE_INFINITY } = kiteKey;
    // As long as the key is accepted.
    const sessionEnd = expiresAt + TOKEN_LEEWAY;
    const verified = this.#caller(descent, pair, decodeJwt(jwt).claims, {
      type: 'kiteKey',
      sessionEnd,
      keyTtl,
      renewAt: renewalTime(kiteKey),
    });
    this.#kiteKeys.set(jwt, verified, expiresAt - this.#clock.now());
    return verified;
  }

  /**
   * Returns the caller of a request.
   *
   * @throws JwtError, or KiteError with code `keyPairRevoked`, `kiteKeyRevoked`, `kiteKeyExpired` or `sessionEnded`
   */
  callerOf({ auth, username }: Pick<Request, 'auth' | 'username'>): Caller {
    const { type, key } = record(auth);
    if (type === 'kiteKey' && typeof key === 'string') return this.verifyKiteKey(key);
    if (type === 'token' && typeof key === 'string') return this.verifyToken(key);
    // The program has added a type of authentication, whose credentials Kontrol cannot revoke.
    return {
      type: 'kiteKey',
      username,
      kiteKeyId: '',
      issuedAt: this.#clock.now(),
      sessionEnd: Number.POSITIVE_INFINITY,
    };
  }

  /**
   * Verifies a token for calling Kontrol.
   *
   * @throws JwtError, or KiteError with code `kiteKeyRevoked` or `sessionEnded`
   */
  verifyToken(jwt: string): VerifiedCaller {
    checkLength(jwt);
    const { claims, pair } = this.#verifyWithAnyKey(jwt);
    const token = tokenOf(claims);
    if (token.issuer !== this.#identity.username) {
      throw new JwtError('claims', `issuer is not trusted: ${token.issuer.slice(0, QUOTED_LENGTH)}`);
    }
    if (!audienceIncludes(token.audience, this.#identity)) {
      throw new JwtError(
        'claims',
        `it was issued for other kites: its audience is ${token.audience.slice(0, QUOTED_LENGTH)}`,
      );
    }
    const descent = descentOfToken(claims);
    if (this.#keyRing.isRevoked(descent))
      throw kiteKeyRevokedError('the kite key that it was issued for was revoked');
    const sessionEnd = timeClaim(claims, 'sessionExp') ?? token.expiresAt;
    if (sessionEnd <= this.#clock.now()) throw sessionEndedError();
    return this.#caller(descent, pair, claims, {
      type: 'session',
      sessionEnd,
      keyTtl: undefined,
      renewAt: Number.POSITIVE_INFINITY,
    });
  }

  #caller(
    descent: Descent,
    pair: RingPair,
    claims: Claims,
    lifetime: Pick<VerifiedCaller, 'type' | 'sessionEnd' | 'keyTtl' | 'renewAt'>,
  ): VerifiedCaller {
    const keyRing = this.#keyRing;
    const { username, kiteKeyId, issuedAt } = descent;
    return {
      ...descent,
      ...lifetime,
      pair,
      identity: { username, claims },
      revocationKey: JSON.stringify([username, kiteKeyId, issuedAt, pair.id]),
      get revoked() {
        return keyRing.isRevokedBy(pair.id, descent);
      },
    };
  }

  #verifyWithAnyKey(jwt: string): { readonly claims: Claims; readonly pair: RingPair } {
    for (const pair of this.#keyRing.accepted) {
      try {
        return { claims: verifyJwt(jwt, pair.verifyKey, { clock: this.#clock }), pair };
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

/** Kites recognize the code, and reject their own kite key as well. */
function kiteKeyRevokedError(what: string): KiteError {
  return codedError('authenticationError', 'kiteKeyRevoked', `${what}; get a new kite key`);
}

function sessionEndedError(): KiteError {
  return codedError('authenticationError', 'sessionEnded', 'the session has ended; sign in again');
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
