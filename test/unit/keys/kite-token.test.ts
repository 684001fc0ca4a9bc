import { describe, expect, it } from 'vitest';
import {
  audienceIncludes,
  audienceOf,
  decodeJwt,
  newToken,
  parseToken,
  signJwt,
} from '../../../src/lib/keys/index.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const clock = new ManualClock();
const HOUR = 3600;

describe('a token', () => {
  it('a token is valid for 48 hours, plus five minutes before and after for clock skew', async () => {
    const { privateKey } = await testKeyPair();
    const jwt = newToken({
      issuer: 'kontrol',
      username: 'bob',
      audience: '/alice/prod',
      privateKey,
      clock,
      id: 't1',
    });
    const now = clock.now() / 1000;
    expect(decodeJwt(jwt).claims).toEqual({
      iss: 'kontrol',
      sub: 'bob',
      aud: '/alice/prod',
      exp: now + 48 * HOUR + 300,
      nbf: now - 300,
      iat: now - 300,
      jti: 't1',
    });
    expect(parseToken(jwt)).toEqual({
      issuer: 'kontrol',
      username: 'bob',
      audience: '/alice/prod',
      id: 't1',
      expiresAt: clock.now() + (48 * HOUR + 300) * 1000,
    });
  });

  it.each(['', '/', '//', 'alice', '/alice/', '/alice//math', '/a/b/c/d/e/f/g/h'])(
    'a token is not issued for the audience %j',
    async (audience) => {
      const { privateKey } = await testKeyPair();
      expect(() => newToken({ issuer: 'k', username: 'b', audience, privateKey, clock })).toThrow(RangeError);
    },
  );

  it.each(['iss', 'sub', 'aud', 'exp'])('a token is rejected without "%s"', async (claim) => {
    const { privateKey } = await testKeyPair();
    const claims = { iss: 'k', sub: 'b', aud: '/a', exp: 1, [claim]: undefined };
    expect(() => parseToken(signJwt(claims, privateKey))).toThrow(`it is not a token: "${claim}" is missing`);
  });
});

describe('an audience', () => {
  it.each([
    [{ username: 'alice' }, '/alice'],
    [{ username: 'alice', environment: 'prod' }, '/alice/prod'],
    [{ username: 'alice', name: 'math' }, '/alice'],
    [testIdentity(), '/alice/prod/math'],
  ])('the audience of %j is %s', (kite, audience) => {
    expect(audienceOf(kite)).toBe(audience);
  });

  it('an audience is never empty', () => {
    expect(() => audienceOf({ username: '' })).toThrow(RangeError);
  });

  it.each([
    ['/', true],
    ['/alice', true],
    ['/alice/prod', true],
    ['/alice/prod/math', true],
    ['/alice/prod/math/1.0.0', true],
    ['/alice/prod/math/2.0.0', false],
    ['/bob', false],
    ['/alic', false],
    ['/alicee', false],
    ['/ALICE', false],
    ['/alice/test', false],
    ['/alice/prod/mat', false],
    ['/alice//math', false],
    ['/alice/', false],
    ['//', false],
    ['', false],
    ['alice', false],
    [`/alice/prod/math/1.0.0/eu/vm/${testIdentity().id}/more`, false],
  ])('the audience %j includes the kite: %s', (audience, includes) => {
    expect(audienceIncludes(audience, testIdentity())).toBe(includes);
  });
});
