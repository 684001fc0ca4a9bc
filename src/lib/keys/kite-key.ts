import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../util/clock.js';
import { decodeJwt, JwtError, signJwt, timeClaim } from './jwt.js';
import { type Claims, stringClaim } from './jwt-claims.js';
import type { Descent } from './revoked-ids.js';

/** The long-lived credential of a user, issued by Kontrol. Does not expire. */
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
  return {
    jwt,
    username: requiredClaim(claims, 'sub'),
    kontrolUser: requiredClaim(claims, 'iss'),
    kontrolUrl: stringClaim(claims, 'kontrolURL') ?? '',
    kontrolKey: requiredClaim(claims, 'kontrolKey'),
    id: stringClaim(claims, 'jti') ?? '',
    issuedAt: timeClaim(claims, 'iat'),
  };
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
  readonly clock: Clock;
}

/** Returns a kite key that is signed with the key pair of Kontrol. */
export function newKiteKey(options: NewKiteKey): string {
  const { username, kontrolUser, kontrolUrl, keyPair, id, clock } = options;
  const claims = {
    iss: kontrolUser,
    sub: username,
    iat: Math.floor((options.issuedAt ?? clock.now()) / 1000),
    jti: id ?? randomUUID(),
    kontrolURL: kontrolUrl,
    kontrolKey: keyPair.publicKey,
  };
  return signJwt(claims, keyPair.privateKey);
}

function requiredClaim(claims: Claims, name: string): string {
  const value = stringClaim(claims, name);
  if (value === undefined) throw new JwtError('claims', `it is not a kite key: "${name}" is missing`);
  return value;
}
