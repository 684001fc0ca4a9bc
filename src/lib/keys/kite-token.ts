import { type KeyObject, randomUUID } from 'node:crypto';
import { IDENTITY_FIELDS, type KiteIdentity } from '../protocol/identity.js';
import type { Clock } from '../util/clock.js';
import { decodeJwt, JwtError, jwtLength, signJwt, timeClaim } from './jwt.js';
import { type Claims, stringClaim, TOKEN_LEEWAY } from './jwt-claims.js';
import type { Descent } from './revoked-ids.js';

/** A short-lived credential with which a user calls the kites of one audience, issued by Kontrol. */
export interface Token {
  /** The user that runs Kontrol (`iss`). */
  readonly issuer: string;
  /** The caller (`sub`). */
  readonly username: string;
  /** The kites that it is valid for (`aud`): `/user`, `/user/environment` or `/user/environment/name`. */
  readonly audience: string;
  /** The id of the token (`jti`). Empty if the token does not have one. */
  readonly id: string;
  /** The time of expiry (`exp`), in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** How long a token is valid, in milliseconds: 48 hours. */
export const TOKEN_TTL = 48 * 3_600_000;

export interface NewToken {
  readonly issuer: string;
  readonly username: string;
  /** See `audienceOf`. */
  readonly audience: string;
  /** Kontrol's private key. */
  readonly privateKey: KeyObject | string;
  readonly clock: Clock;
  /** In milliseconds. Default: `TOKEN_TTL`. */
  readonly ttl?: number;
  /** In milliseconds. Default: `TOKEN_LEEWAY`. */
  readonly leeway?: number;
  /** Default: a new UUID. */
  readonly id?: string;
  /** The kite key for which the token is issued. Default: none. */
  readonly descent?: Descent;
  /** Until when the token can be renewed, in milliseconds since 1970. Default: the token does not say so. */
  readonly sessionEnd?: number;
}

/**
 * Returns a token that is signed with Kontrol's private key.
 *
 * @throws RangeError for an audience without a user: the token would be valid for every kite, or for none
 */
export function newToken(options: NewToken): string {
  return signJwt(newClaims(options), options.privateKey);
}

/** Returns the length of the token that `newToken` would return, without signing it. */
export function tokenLength(options: NewToken & { readonly privateKey: KeyObject }): number {
  return jwtLength(newClaims(options), options.privateKey);
}

function newClaims(options: NewToken): Claims {
  const { issuer, username, audience, clock, sessionEnd } = options;
  const { kiteKeyId, issuedAt } = options.descent ?? { kiteKeyId: '', issuedAt: 0 };
  if (audienceFields(audience) === undefined)
    throw new RangeError(`"${audience}" is not a valid audience of a token`);
  const now = clock.now();
  const leeway = options.leeway ?? TOKEN_LEEWAY;
  const validFrom = Math.floor((now - leeway) / 1000);
  return {
    iss: issuer,
    sub: username,
    aud: audience,
    exp: Math.floor((now + (options.ttl ?? TOKEN_TTL) + leeway) / 1000),
    nbf: validFrom,
    iat: validFrom,
    jti: options.id ?? randomUUID(),
    ...(kiteKeyId !== '' && { kiteKeyId }),
    ...(issuedAt > 0 && { auth_time: Math.floor(issuedAt / 1000) }),
    ...(sessionEnd !== undefined && { sessionExp: Math.floor(sessionEnd / 1000) }),
  };
}

/**
 * Parses your own token, for example to find out when to renew it. Does not verify anything.
 *
 * @throws JwtError
 */
export function parseToken(jwt: string): Token {
  return tokenOf(decodeJwt(jwt).claims);
}

/**
 * Returns the token with these claims.
 *
 * @throws JwtError if `iss`, `sub`, `aud` or `exp` is missing or has another type
 */
export function tokenOf(claims: Claims): Token {
  const expiresAt = timeClaim(claims, 'exp');
  if (expiresAt === undefined) throw missingClaim('exp');
  return {
    issuer: requiredClaim(claims, 'iss'),
    username: requiredClaim(claims, 'sub'),
    audience: requiredClaim(claims, 'aud'),
    id: stringClaim(claims, 'jti') ?? '',
    expiresAt,
  };
}

/** Returns the descent of a token with these claims. A token without the id of a kite key is as old as its kite key. */
export function descentOfToken(claims: Claims): Descent {
  // The issue time of a token includes the leeway.
  const issuedAt = timeClaim(claims, 'auth_time') ?? (timeClaim(claims, 'iat') ?? 0) + TOKEN_LEEWAY;
  const kiteKeyId = stringClaim(claims, 'kiteKeyId') ?? '';
  return { username: requiredClaim(claims, 'sub'), kiteKeyId, issuedAt };
}

/**
 * Returns the audience of tokens for a kite. If the name or environment is not set, returns the audience for all kites with the
 * same username, or the same username and environment.
 *
 * @throws RangeError if the username is not set
 */
export function audienceOf(kite: Pick<KiteIdentity, 'username'> & Partial<KiteIdentity>): string {
  const { username, environment, name } = kite;
  if (username === '') throw new RangeError('The audience of a token needs a username');
  if (!environment) return `/${username}`;
  return name ? `/${username}/${environment}/${name}` : `/${username}/${environment}`;
}

/**
 * Whether a token with this audience is valid for this kite. The audience `/`, which the Go implementation issues, is valid
 * for every kite.
 */
export function audienceIncludes(audience: string, kite: KiteIdentity): boolean {
  if (audience === '/') return true;
  const fields = audienceFields(audience);
  if (fields === undefined) return false;
  return fields.every((value, index) => {
    const field = IDENTITY_FIELDS[index];
    return field !== undefined && kite[field] === value;
  });
}

function audienceFields(audience: string): readonly string[] | undefined {
  if (!audience.startsWith('/')) return undefined;
  const fields = audience.slice(1).split('/', IDENTITY_FIELDS.length + 1);
  return fields.length > IDENTITY_FIELDS.length || fields.includes('') ? undefined : fields;
}

function requiredClaim(claims: Claims, name: string): string {
  const value = stringClaim(claims, name);
  if (value === undefined) throw missingClaim(name);
  return value;
}

function missingClaim(name: string): JwtError {
  return new JwtError('claims', `it is not a token: "${name}" is missing`);
}
