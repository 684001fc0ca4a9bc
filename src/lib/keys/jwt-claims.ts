import { decodeBase64Url } from '../util/base64url.js';
import { parseJson } from '../util/parse-json.js';
import { jsonObject } from '../util/record.js';

/** The claims of a JWT. Their types have not been checked. */
export type Claims = Readonly<Record<string, unknown>>;

/** Maximum difference between the clocks of Kontrol and a kite, in milliseconds. Extends the validity of a token at both ends. */
export const TOKEN_LEEWAY = 5 * 60_000;

/** Decodes the JSON object in the first or second part of a JWT. Returns undefined if the part does not contain one. */
export function readJwtPart(part: string): Claims | undefined {
  const bytes = decodeBase64Url(part);
  return bytes && jsonObject(parseJson(new TextDecoder().decode(bytes)));
}

/**
 * Returns the claims of a JWT, in Node and in pages. Returns no claims if it cannot be decoded. Does not verify anything: use it
 * only to inspect your own JWT.
 */
export function readClaims(jwt: string): Claims {
  return readJwtPart(jwt.split('.', 2)[1] ?? '') ?? {};
}

/** Returns a claim that is a string. Returns undefined if it is missing, empty, or not a string. */
export function stringClaim(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
