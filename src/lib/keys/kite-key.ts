import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../util/clock.js';
import { decodeJwt, JwtError, signJwt, timeClaim } from './jwt.js';
import { type Claims, textClaim } from './jwt-claims.js';

/** Who a kite or a person is for others: issued once by Kontrol, never expires. */
export interface KiteKey {
  /** The signed text, which is the secret. */
  readonly jwt: string;
  /** The user it belongs to (`sub`). */
  readonly username: string;
  /** The user that runs Kontrol (`iss`). */
  readonly kontrolUser: string;
  /** Where Kontrol is. Empty where the key does not say. */
  readonly kontrolUrl: string;
  /** Kontrol's public key, PEM. */
  readonly kontrolKey: string;
  /** `jti`. Empty where the key has none. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number | undefined;
}

/**
 * Reads a kite key. Its signature is not verified: who reads a key of somebody else verifies it first, and passes the
 * claims to `kiteKeyOf`.
 *
 * @throws JwtError
 */
export function parseKiteKey(jwt: string): KiteKey {
  return kiteKeyOf(jwt, decodeJwt(jwt).claims);
}

/**
 * The kite key whose claims these are.
 *
 * @throws JwtError where one of `sub`, `iss` and `kontrolKey` is missing or no text
 */
export function kiteKeyOf(jwt: string, claims: Claims): KiteKey {
  return {
    jwt,
    username: required(claims, 'sub'),
    kontrolUser: required(claims, 'iss'),
    kontrolUrl: textClaim(claims, 'kontrolURL') ?? '',
    kontrolKey: required(claims, 'kontrolKey'),
    id: textClaim(claims, 'jti') ?? '',
    issuedAt: timeClaim(claims, 'iat'),
  };
}

export interface NewKiteKey {
  /** The user that the key is for. */
  readonly username: string;
  /** The user that runs Kontrol. */
  readonly kontrolUser: string;
  readonly kontrolUrl: string;
  /** Kontrol's key pair. */
  readonly keyPair: { readonly publicKey: string; readonly privateKey: KeyObject | string };
  /** Default a new UUID. */
  readonly id?: string;
  readonly clock: Clock;
}

/** A kite key signed by Kontrol. */
export function newKiteKey({ username, kontrolUser, kontrolUrl, keyPair, id, clock }: NewKiteKey): string {
  const claims = {
    iss: kontrolUser,
    sub: username,
    iat: Math.floor(clock.now() / 1000),
    jti: id ?? randomUUID(),
    kontrolURL: kontrolUrl,
    kontrolKey: keyPair.publicKey,
  };
  return signJwt(claims, keyPair.privateKey);
}

function required(claims: Claims, name: string): string {
  const value = textClaim(claims, name);
  if (value === undefined) throw new JwtError('claims', `it is not a kite key: "${name}" is missing`);
  return value;
}
