import { type KeyObject, randomUUID } from 'node:crypto';
import { codedError } from '../protocol/errors.js';
import { QUOTED_LENGTH } from '../protocol/protocol-limits.js';
import type { Clock } from '../util/clock.js';
import { decodeJwt, isJwtError, JwtError, signJwt, timeClaim, verifyJwt } from './jwt.js';
import { type Claims, stringClaim, TOKEN_LEEWAY } from './jwt-claims.js';
import type { Descent } from './revoked-ids.js';

/** The long-lived credential of a user, issued by Kontrol. */
export interface KiteKey {
  /** The encoded key. Secret. */
  readonly jwt: string;
  /** The user of the key (`sub`). */
  readonly username: string;
  /** The user that runs Kontrol (`iss`). */
  readonly kontrolUser: string;
  /** The URL of Kontrol. Empty if the key does not contain it. */
  readonly kontrolUrl: string;
  /** Kontrol's public key, in PEM. */
  readonly kontrolKey: string;
  /** The id of the key (`jti`). Empty if the key does not have one. */
  readonly id: string;
  /** The time of issue (`iat`), in milliseconds since 1970. */
  readonly issuedAt: number | undefined;
  /** When the key expires (`exp`), in milliseconds since 1970. Undefined if it does not expire. */
  readonly expiresAt: number | undefined;
  /**
   * How long each form of the key is valid (`keyTtl`), in milliseconds: a registration renews it for as long. Undefined if the
   * key does not expire.
   */
  readonly ttl: number | undefined;
}

/**
 * Parses your own kite key. Does not verify its signature: to parse a key of another user, verify it and pass the claims to
 * `kiteKeyOf`.
 *
 * @throws JwtError
 */
export function parseKiteKey(jwt: string): KiteKey {
  return kiteKeyOf(jwt, decodeJwt(jwt).claims);
}

/**
 * Returns the kite key with these claims.
 *
 * @throws JwtError if `sub`, `iss` or `kontrolKey` is missing or not a string
 */
export function kiteKeyOf(jwt: string, claims: Claims): KiteKey {
  const [issuedAt, expiresAt] = [timeClaim(claims, 'iat'), timeClaim(claims, 'exp')];
  const lifetime = expiresAt === undefined ? undefined : expiresAt - (issuedAt ?? 0);
  return {
    jwt,
    username: requiredClaim(claims, 'sub'),
    kontrolUser: requiredClaim(claims, 'iss'),
    kontrolUrl: stringClaim(claims, 'kontrolURL') ?? '',
    kontrolKey: requiredClaim(claims, 'kontrolKey'),
    id: stringClaim(claims, 'jti') ?? '',
    issuedAt,
    expiresAt,
    ttl: lifetime === undefined ? undefined : (timeClaim(claims, 'keyTtl') ?? lifetime),
  };
}

/**
 * Returns from when a registration renews a kite key: when half of its lifetime is over. Infinity if it does not expire.
 */
export function renewalTime({ expiresAt, ttl }: Pick<KiteKey, 'expiresAt' | 'ttl'>): number {
  return expiresAt === undefined || ttl === undefined ? Number.POSITIVE_INFINITY : expiresAt - ttl / 2;
}

const KITE_KEY_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Returns why no kite key has this id (`jti`), as a sentence; undefined if one can have it. Kontrol, also the one in Go, gives each
 * key a UUID.
 */
export function kiteKeyIdProblem(id: string): string | undefined {
  if (KITE_KEY_ID.test(id)) return undefined;
  return `${JSON.stringify(id.slice(0, QUOTED_LENGTH))} is not the id of a kite key, which is a UUID`;
}

/**
 * Verifies a kite key: it must be signed with the private key of `publicKey`, and be valid now, with a tolerance for the
 * difference between clocks.
 *
 * @throws JwtError, or KiteError with code `kiteKeyExpired`
 */
export function verifyKiteKey(jwt: string, publicKey: KeyObject, clock: Clock): KiteKey {
  try {
    return kiteKeyOf(jwt, verifyJwt(jwt, publicKey, { clock, leeway: TOKEN_LEEWAY }));
  } catch (error) {
    if (!isJwtError(error, 'expired')) throw error;
    const message = 'it has expired; get a new kite key with: kitectl register --force';
    throw codedError('authenticationError', 'kiteKeyExpired', message);
  }
}

/** Returns the descent of a kite key. */
export function descentOfKiteKey({ username, id, issuedAt = 0 }: KiteKey): Descent {
  return { username, kiteKeyId: id, issuedAt };
}

export interface NewKiteKey {
  /** The user of the key. */
  readonly username: string;
  /** The user that runs Kontrol. */
  readonly kontrolUser: string;
  readonly kontrolUrl: string;
  /** Kontrol's key pair. */
  readonly keyPair: { readonly publicKey: string; readonly privateKey: KeyObject | string };
  /** Default: a new UUID. */
  readonly id?: string;
  /** In milliseconds since 1970. Default: now. */
  readonly issuedAt?: number;
  /** Time from now until the key expires, in milliseconds. Default: it does not expire. */
  readonly ttl?: number;
  readonly clock: Clock;
}

/** Returns a kite key that is signed with the key pair of Kontrol. */
export function newKiteKey(options: NewKiteKey): string {
  const { username, kontrolUser, kontrolUrl, keyPair, id, ttl, clock } = options;
  const claims = {
    iss: kontrolUser,
    sub: username,
    iat: Math.floor((options.issuedAt ?? clock.now()) / 1000),
    jti: id ?? randomUUID(),
    kontrolURL: kontrolUrl,
    kontrolKey: keyPair.publicKey,
    ...(ttl !== undefined && {
      exp: Math.floor((clock.now() + ttl) / 1000),
      keyTtl: Math.floor(ttl / 1000),
    }),
  };
  return signJwt(claims, keyPair.privateKey);
}

function requiredClaim(claims: Claims, name: string): string {
  const value = stringClaim(claims, name);
  if (value === undefined) throw new JwtError('claims', `it is not a kite key: "${name}" is missing`);
  return value;
}
