import { describe, expect, it } from 'vitest';
import { decodeJwt, isJwtError, parseToken } from '../../../src/lib/keys/index.js';
import { readClaims, readJwtPart, textClaim } from '../../../src/lib/keys/jwt-claims.js';
import { tokenExpiry } from '../../../src/lib/kite/call/token-renewal.js';

const part = (text: string): string => Buffer.from(text).toString('base64url');
const HEADER = part('{"alg":"RS256"}');

/** JWTs, and the claims that every reader finds. */
const JWTS: readonly [what: string, jwt: string, claims: Record<string, unknown> | undefined][] = [
  ['no claims', `${HEADER}.${part('{}')}.AA`, {}],
  [
    'a token',
    `${HEADER}.${part('{"iss":"k","sub":"a","aud":"/a","exp":5}')}.AA`,
    { iss: 'k', sub: 'a', aud: '/a', exp: 5 },
  ],
  ['names beyond ASCII', `${HEADER}.${part('{"sub":"Zoë 💥","exp":5}')}.AA`, { sub: 'Zoë 💥', exp: 5 }],
  ['-_ in its text', `${HEADER}.${part('{"sub":"???>>>~~~","exp":5}')}.AA`, { sub: '???>>>~~~', exp: 5 }],
  ['an expiry that is a string', `${HEADER}.${part('{"exp":"5"}')}.AA`, { exp: '5' }],
  ['an expiry that is too large', `${HEADER}.${part('{"exp":1e999}')}.AA`, { exp: Infinity }],
  [
    'a name of Object',
    `${HEADER}.${part('{"__proto__":{"exp":5}}')}.AA`,
    JSON.parse('{"__proto__":{"exp":5}}') as Record<string, unknown>,
  ],
  ['padding', `${HEADER}.${part('{"exp":5}')}==.AA`, undefined],
  [
    'base64 of the other alphabet',
    `${HEADER}.${Buffer.from('{"s":"???>>>~~~"}').toString('base64')}.AA`,
    undefined,
  ],
  ['claims that are an array', `${HEADER}.${part('[5]')}.AA`, undefined],
  ['claims that are null', `${HEADER}.${part('null')}.AA`, undefined],
  ['claims that are not JSON', `${HEADER}.${part('{')}.AA`, undefined],
  ['one part', HEADER, undefined],
  ['nothing', '', undefined],
];

describe.each(JWTS)('a JWT with %s', (_, jwt, claims) => {
  it('a JWT has the same claims for the verifying kite, its owner and a page', () => {
    expect(readClaims(jwt)).toEqual(claims ?? {});
    let decoded: unknown;
    try {
      decoded = decodeJwt(jwt).claims;
    } catch (error) {
      if (!isJwtError(error, 'malformed')) throw error;
    }
    expect(decoded).toEqual(claims);
  });

  it('a JWT expires for token renewal at the time of its claims', () => {
    expect(tokenExpiry(jwt)).toBe(claims?.['exp'] === 5 ? 5000 : undefined);
  });
});

it('the expiry of a token is the same for its renewal and its display', () => {
  const token = `${HEADER}.${part('{"iss":"k","sub":"a","aud":"/a","exp":1800000000}')}.AA`;
  expect(tokenExpiry(token)).toBe(parseToken(token).expiresAt);
});

it('a part of a JWT is accepted only if it is a JSON object', () => {
  expect(readJwtPart(HEADER)).toEqual({ alg: 'RS256' });
  expect(readJwtPart('')).toBeUndefined();
});

it('a claim is a string that is not empty, and never an inherited property', () => {
  const claims = { sub: 'alice', empty: '', n: 5 };
  const names = ['sub', 'empty', 'n', 'missing', 'constructor', '__proto__'];
  expect(names.map((name) => textClaim(claims, name))).toEqual(['alice', ...Array(5).fill(undefined)]);
});
