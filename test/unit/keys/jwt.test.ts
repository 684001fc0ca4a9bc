import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeJwt, JwtError, parsePublicKey, signJwt, verifyJwt } from '../../../src/lib/keys/index.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const clock = new ManualClock();
const now = clock.now() / 1000;

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function reasonOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof JwtError) return error.reason;
    throw error;
  }
  return undefined;
}

describe('a signed JWT', () => {
  it('a signed JWT returns its claims when it is verified', async () => {
    const keys = await testKeyPair();
    const jwt = signJwt({ sub: 'alice', n: 1 }, keys.privateKey);
    expect(verifyJwt(jwt, keys.publicKey, { clock })).toEqual({ sub: 'alice', n: 1 });
    expect(verifyJwt(jwt, parsePublicKey(keys.publicKey), { clock })).toEqual({ sub: 'alice', n: 1 });
    expect(decodeJwt(jwt)).toEqual({ header: { alg: 'RS256', typ: 'JWT' }, claims: { sub: 'alice', n: 1 } });
  });

  it('a signed JWT is rejected with another key', async () => {
    const jwt = signJwt({ sub: 'alice' }, (await testKeyPair(1)).privateKey);
    const { publicKey } = await testKeyPair(0);
    expect(reasonOf(() => verifyJwt(jwt, publicKey, { clock }))).toBe('signature');
  });

  it('a signed JWT is rejected with other claims under the same signature', async () => {
    const keys = await testKeyPair();
    const [header, , signature] = signJwt({ sub: 'alice' }, keys.privateKey).split('.');
    const forged = `${header}.${part({ sub: 'root' })}.${signature}`;
    expect(reasonOf(() => verifyJwt(forged, keys.publicKey, { clock }))).toBe('signature');
  });

  it.each([
    'none',
    'None',
    'NONE',
    'HS256',
    'rs256',
    'RS512',
    'PS256',
    'ES256',
    '',
    null,
    5,
    ['RS256'],
    undefined,
  ])('a signed JWT is rejected with the algorithm %j, whatever its signature', async (alg) => {
    const keys = await testKeyPair();
    const input = `${part({ alg, typ: 'JWT' })}.${part({ sub: 'alice' })}`;
    const signatures = [
      '',
      createHmac('sha256', keys.publicKey).update(input).digest('base64url'),
      sign('sha256', Buffer.from(input), keys.privateKey).toString('base64url'),
    ];
    for (const signature of signatures) {
      expect(reasonOf(() => verifyJwt(`${input}.${signature}`, keys.publicKey, { clock }))).toBe('algorithm');
    }
  });

  it('a JWT is rejected with an RS256 header over an HMAC made with the public key', async () => {
    const { publicKey } = await testKeyPair();
    const input = `${part({ alg: 'RS256' })}.${part({ sub: 'alice' })}`;
    const jwt = `${input}.${createHmac('sha256', publicKey).update(input).digest('base64url')}`;
    expect(reasonOf(() => verifyJwt(jwt, publicKey, { clock }))).toBe('signature');
  });

  it('a JWT is rejected if it has a critical extension', async () => {
    const keys = await testKeyPair();
    const input = `${part({ alg: 'RS256', crit: ['b64'], b64: false })}.${part({})}`;
    const jwt = `${input}.${sign('sha256', Buffer.from(input), keys.privateKey).toString('base64url')}`;
    expect(reasonOf(() => verifyJwt(jwt, keys.publicKey, { clock }))).toBe('algorithm');
  });

  it('a JWT is verified with RSA keys only', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(reasonOf(() => verifyJwt('a.b.c', publicKey, { clock }))).toBe('algorithm');
  });
});

describe('the time claims of a JWT', () => {
  it.each([
    [{ exp: now + 1 }, undefined],
    [{ exp: now }, 'expired'],
    [{ exp: 0 }, 'expired'],
    [{ nbf: now }, undefined],
    [{ nbf: now + 1 }, 'notYetValid'],
    [{ iat: now }, undefined],
    [{ iat: now + 1 }, 'notYetValid'],
    [{ exp: 'never' }, 'claims'],
    [{ exp: null }, 'claims'],
    [{ nbf: '0' }, 'claims'],
    [{ iat: [] }, 'claims'],
    [{}, undefined],
  ])('a JWT with the time claims %j is rejected as: %s', async (claims, reason) => {
    const keys = await testKeyPair();
    const jwt = signJwt(claims, keys.privateKey);
    expect(reasonOf(() => verifyJwt(jwt, keys.publicKey, { clock }))).toBe(reason);
  });

  it('the time claims of a JWT are checked with a leeway', async () => {
    const keys = await testKeyPair();
    const options = { clock, leeway: 60_000 };
    const verify = (claims: Record<string, unknown>) =>
      verifyJwt(signJwt(claims, keys.privateKey), keys.publicKey, options);
    expect(reasonOf(() => verify({ exp: now - 59, nbf: now + 60, iat: now + 60 }))).toBeUndefined();
    expect(reasonOf(() => verify({ exp: now - 60 }))).toBe('expired');
    expect(reasonOf(() => verify({ nbf: now + 61 }))).toBe('notYetValid');
  });
});

describe('a malformed JWT', () => {
  const header = part({ alg: 'RS256' });

  it.each([
    ['nothing', ''],
    ['one part', 'abc'],
    ['two parts', `${header}.${part({})}`],
    ['four parts', `${header}.${part({})}.AA.AA`],
    ['a header that is not JSON', `${part('{')}.${part({})}.AA`],
    ['a header that is null', `${part('null')}.${part({})}.AA`],
    ['claims that are an array', `${header}.${part([])}.AA`],
    ['claims that are a string', `${header}.${part('"x"')}.AA`],
    ['base64 of the other alphabet', `${header}.${part({})}.+/+/`],
    ['padding', `${header}.${part({})}.AA==`],
    ['bits beyond the last byte', `${header}.${part({})}.AB`],
    ['white space', `${header}.${part({})}.AA `],
    ['a line break inside', `${header}.${part({})}.A\nA`],
    ['a string of one mebibyte', 'a'.repeat(1024 * 1024)],
    ['dots of one mebibyte', '.'.repeat(1024 * 1024)],
    ['deep nesting', `${header}.${part('['.repeat(10_000))}.AA`],
  ])('a malformed JWT is rejected: %s', async (_name, text) => {
    const { publicKey } = await testKeyPair();
    expect(reasonOf(() => verifyJwt(text, publicKey, { clock }))).toBe('malformed');
    expect(reasonOf(() => decodeJwt(text))).toBe('malformed');
  });
});
