import { type KeyObject, randomUUID } from 'node:crypto';
import { IDENTITY_FIELDS, type KiteIdentity } from '../protocol/identity.js';
import type { Clock } from '../util/clock.js';
import { decodeJwt, JwtError, signJwt, timeClaim } from './jwt.js';
import { type Claims, textClaim } from './jwt-claims.js';

/** What lets one user call certain kites for a while: issued by Kontrol. */
export interface Token {
  /** The user that runs Kontrol (`iss`). */
  readonly issuer: string;
  /** The caller (`sub`). */
  readonly username: string;
  /** Whom it may call: `/user`, `/user/environment` or `/user/environment/name`. */
  readonly audience: string;
  /** `jti`. Empty where the token has none. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Milliseconds that a token is good for: 48 hours. */
export const TOKEN_TTL = 48 * 3_600_000;

/** Milliseconds by which the clocks of Kontrol and of the kites may differ; a token is good that much earlier and later. */
export const TOKEN_LEEWAY = 5 * 60_000;

export interface NewToken {
  readonly issuer: string;
  readonly username: string;
  /** See `audienceOf`. */
  readonly audience: string;
  /** Kontrol's. */
  readonly privateKey: KeyObject | string;
  readonly clock: Clock;
  /** Milliseconds. Default `TOKEN_TTL`. */
  readonly ttl?: number;
  /** Milliseconds. Default `TOKEN_LEEWAY`. */
  readonly leeway?: number;
  /** Default a new UUID. */
  readonly id?: string;
}

/**
 * A token signed by Kontrol.
 *
 * @throws RangeError for an audience that names nobody: such a token would open every kite, or none
 */
export function newToken(options: NewToken): string {
  const { issuer, username, audience, privateKey, clock } = options;
  if (audienceFields(audience) === undefined)
    throw new RangeError(`"${audience}" is not a valid audience of a token`);
  const now = clock.now();
  const leeway = options.leeway ?? TOKEN_LEEWAY;
  const from = Math.floor((now - leeway) / 1000);
  const claims = {
    iss: issuer,
    sub: username,
    aud: audience,
    exp: Math.floor((now + (options.ttl ?? TOKEN_TTL) + leeway) / 1000),
    nbf: from,
    iat: from,
    jti: options.id ?? randomUUID(),
  };
  return signJwt(claims, privateKey);
}

/**
 * Reads a token without verifying it: for its owner, who wants to know when to renew it.
 *
 * @throws JwtError
 */
export function parseToken(jwt: string): Token {
  return tokenOf(decodeJwt(jwt).claims);
}

/**
 * The token whose claims these are.
 *
 * @throws JwtError where one of `iss`, `sub`, `aud` and `exp` is missing or of another type
 */
export function tokenOf(claims: Claims): Token {
  const expiresAt = timeClaim(claims, 'exp');
  if (expiresAt === undefined) throw missing('exp');
  return {
    issuer: required(claims, 'iss'),
    username: required(claims, 'sub'),
    audience: required(claims, 'aud'),
    id: textClaim(claims, 'jti') ?? '',
    expiresAt,
  };
}

/**
 * The audience of tokens for a kite, or for all that share its username, or username and environment, where the rest is
 * not set.
 *
 * @throws RangeError where the username is not set
 */
export function audienceOf(kite: Pick<KiteIdentity, 'username'> & Partial<KiteIdentity>): string {
  const { username, environment, name } = kite;
  if (username === '') throw new RangeError('A token must name the user whose kites it is for');
  if (!environment) return `/${username}`;
  return name ? `/${username}/${environment}/${name}` : `/${username}/${environment}`;
}

/**
 * Whether a token with this audience is meant for this kite. `/` is for every kite: Kontrols written in Go issue it.
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

function required(claims: Claims, name: string): string {
  const value = textClaim(claims, name);
  if (value === undefined) throw missing(name);
  return value;
}

function missing(name: string): JwtError {
  return new JwtError('claims', `it is not a token: "${name}" is missing`);
}
