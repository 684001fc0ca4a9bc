import { decodeBase64Url } from '../util/base64url.js';

/** What a JWT states. Whoever reads a claim checks its type: nothing here has been looked at. */
export type Claims = Readonly<Record<string, unknown>>;

/** The JSON object in the first or second part of a JWT. Undefined where the part holds none. */
export function readJwtPart(part: string): Claims | undefined {
  const bytes = decodeBase64Url(part);
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The claims of a JWT, in Node and in pages alike; none where it cannot be read. Nothing is verified: this is for whoever
 * holds the JWT and wants to know what it is.
 */
export function readClaims(jwt: string): Claims {
  return readJwtPart(jwt.split('.', 2)[1] ?? '') ?? {};
}

/** A claim that is a string, and not an empty one. Undefined where it is missing or something else. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
