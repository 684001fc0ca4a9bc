import { type KeyObject, sign, verify } from 'node:crypto';
import { BrandedError, kindOf } from '../errors/branded-error.js';
import { decodeBase64Url } from '../util/base64url.js';
import type { Clock } from '../util/clock.js';
import { type Claims, readJwtPart } from './jwt-claims.js';
import { parsePrivateKey, parsePublicKey } from './pem.js';
import { JWT_LENGTH } from './key-limits.js';

export type JwtErrorReason = 'malformed' | 'algorithm' | 'signature' | 'expired' | 'notYetValid' | 'claims';

/** A JWT that was rejected. The message never contains the JWT. */
export class JwtError extends BrandedError {
  readonly reason: JwtErrorReason;

  constructor(reason: JwtErrorReason, message: string) {
    super('JwtError', message);
    this.reason = reason;
  }
}

/** Returns the error for a token that has expired. */
export function tokenExpiredError(): JwtError {
  return new JwtError('expired', 'token is expired');
}

export function isJwtError(error: unknown, reason?: JwtErrorReason): error is JwtError {
  return kindOf(error) === 'JwtError' && (reason === undefined || (error as JwtError).reason === reason);
}

const HEADER = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url');

/** Returns a signed JWT with these claims. A key in PEM is parsed each time, which takes a fifth of the time of signing. */
export function signJwt(claims: Claims, privateKey: KeyObject | string): string {
  const key = typeof privateKey === 'string' ? parsePrivateKey(privateKey) : privateKey;
  const input = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/** Returns the length of the JWT that `signJwt` would return. */
export function jwtLength(claims: Claims, privateKey: KeyObject): number {
  const signatureBytes = Math.ceil((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  const claimsBytes = Buffer.byteLength(JSON.stringify(claims));
  return HEADER.length + base64urlLength(claimsBytes) + base64urlLength(signatureBytes) + 2;
}

function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

export interface VerifyJwtOptions {
  readonly clock: Clock;
  /** Maximum difference between the clocks of the issuer and the verifier, in milliseconds. Default: 0. */
  readonly leeway?: number;
}

/**
 * Verifies a JWT and returns its claims: it must be signed with the private key of `publicKey`, and be valid now. The algorithm
 * is always RS256. A key in PEM is parsed each time, which takes five times as long as verifying.
 *
 * @throws JwtError
 */
export function verifyJwt(jwt: string, publicKey: KeyObject | string, options: VerifyJwtOptions): Claims {
  const key = typeof publicKey === 'string' ? parsePublicKey(publicKey) : publicKey;
  if (key.asymmetricKeyType !== 'rsa') throw new JwtError('algorithm', 'RS256 requires an RSA key');
  const { header, claims, input, signature } = parseJwt(jwt);
  if (header['alg'] !== 'RS256') throw new JwtError('algorithm', 'the algorithm is not RS256');
  // RFC 7515, section 4.1.11: unsupported extensions must be rejected. No extension is supported.
  if (Object.hasOwn(header, 'crit'))
    throw new JwtError('algorithm', 'it requires an extension that is not supported');
  if (!verify('sha256', Buffer.from(input), key, signature)) {
    throw new JwtError('signature', 'the signature is invalid');
  }
  checkTimes(claims, options.clock.now(), options.leeway ?? 0);
  return claims;
}

/**
 * Decodes a JWT, to display it. Does not verify anything.
 *
 * @throws JwtError if it is malformed
 */
export function decodeJwt(jwt: string): { readonly header: Claims; readonly claims: Claims } {
  const { header, claims } = parseJwt(jwt);
  return { header, claims };
}

/**
 * Returns a claim that is a time, in milliseconds since 1970. Returns undefined if it is missing.
 *
 * @throws JwtError if it is not a number
 */
export function timeClaim(claims: Claims, name: string): number | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new JwtError('claims', `"${name}" is not a number`);
  return value * 1000;
}

interface Parts {
  readonly header: Claims;
  readonly claims: Claims;
  /** The signed text. */
  readonly input: string;
  readonly signature: Uint8Array;
}

function parseJwt(jwt: string): Parts {
  if (jwt.length > JWT_LENGTH) throw new JwtError('malformed', `it is longer than ${JWT_LENGTH} characters`);
  const parts = jwt.split('.', 4);
  const [header = '', claims = '', signature = ''] = parts;
  if (parts.length !== 3) throw new JwtError('malformed', 'malformed JWT: it does not have three parts');
  const bytes = decodeBase64Url(signature);
  if (!bytes) throw new JwtError('malformed', 'malformed JWT: the signature is not base64url');
  return {
    header: requireObject('header', header),
    claims: requireObject('claims', claims),
    input: `${header}.${claims}`,
    signature: bytes,
  };
}

function requireObject(name: 'header' | 'claims', part: string): Claims {
  const object = readJwtPart(part);
  if (object) return object;
  throw new JwtError(
    'malformed',
    `malformed JWT: the part with its ${name} is not a JSON object in base64url`,
  );
}

function checkTimes(claims: Claims, now: number, leeway: number): void {
  const expires = timeClaim(claims, 'exp');
  const notBefore = timeClaim(claims, 'nbf');
  const issued = timeClaim(claims, 'iat');
  if (expires !== undefined && now >= expires + leeway) throw new JwtError('expired', 'it has expired');
  if (notBefore !== undefined && now < notBefore - leeway)
    throw new JwtError('notYetValid', 'it is not valid yet');
  if (issued !== undefined && now < issued - leeway) {
    throw new JwtError('notYetValid', 'it was issued in the future; compare the clocks of both machines');
  }
}
