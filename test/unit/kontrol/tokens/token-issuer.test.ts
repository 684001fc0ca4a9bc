import { describe, expect, it } from 'vitest';
import { parseToken, signJwt } from '../../../../src/lib/keys/index.js';
import { testIdentity, testToken } from '../../../helpers/kite/keys.js';
import { callerNamed, setUpKeyRing } from '../../../helpers/kontrol/key-ring.js';

it('a token for another kite or of another issuer does not authenticate at Kontrol', async () => {
  const { credentials, clock, keyPair } = await setUpKeyRing();
  expect(() => credentials.verifyToken(testToken('bob', '/alice', keyPair, clock))).toThrow(
    'its audience is /alice',
  );
  const claims = { iss: 'mallory', sub: 'bob', aud: '/kontrol', exp: clock.now() / 1000 + 60 };
  expect(() => credentials.verifyToken(signJwt(claims, keyPair.privateKey))).toThrow('issuer is not trusted');
});

describe('a token', () => {
  const target = (keyId: string, changes = {}) => ({ kite: testIdentity(changes), keyId });

  it('a token is for user, environment and name of the kite that was found', async () => {
    const { tokens, keyRing } = await setUpKeyRing();
    const token = tokens.issue(callerNamed('bob'), target(keyRing.signing.id)) ?? '';
    expect(parseToken(token)).toMatchObject({
      username: 'bob',
      issuer: 'kontrol',
      audience: '/alice/prod/math',
    });
  });

  it('a token is signed once for all kites of one name, and again for another name, caller or environment', async () => {
    const { tokens, keyRing, signatures } = await setUpKeyRing();
    const { id } = keyRing.signing;
    for (let i = 0; i < 100; i++)
      tokens.issue(callerNamed('bob'), target(id, { id: `id${i}`, version: `1.0.${i}` }));
    expect(signatures()).toBe(1);
    tokens.issue(callerNamed('bob'), target(id, { name: 'text' }));
    tokens.issue(callerNamed('carol'), target(id));
    tokens.issue(callerNamed('bob'), target(id, { environment: 'test' }));
    expect(signatures()).toBe(4);
  });

  it('the length of a token is known before it is signed', async () => {
    const { tokens, keyRing, signatures } = await setUpKeyRing();
    const { id } = keyRing.signing;
    const targets = ['', 'x', 'xy', 'é', '😀'].map((more) => target(id, { name: `math${more}` }));
    const lengths = targets.map((each) => tokens.lengthOf(callerNamed('bob'), each));
    expect(signatures()).toBe(0);
    expect(targets.map((each) => tokens.issue(callerNamed('bob'), each)?.length)).toEqual(lengths);
    expect(targets.map((each) => tokens.lengthOf(callerNamed('bob'), each))).toEqual(lengths);
    expect(tokens.lengthOf(callerNamed('bob'), target('unknown'))).toBe(0);
  });

  it('a token is signed again if issuedTokens others were issued since', async () => {
    const { tokens, keyRing, signatures } = await setUpKeyRing(undefined, true, { issuedTokens: 2 });
    const issue = (username: string): number => {
      const before = signatures();
      tokens.issue(callerNamed(username), target(keyRing.signing.id));
      return signatures() - before;
    };
    expect(['bob', 'carol', 'bob', 'dave', 'bob', 'carol'].map(issue)).toEqual([1, 1, 0, 1, 0, 1]);
  });

  it('a token is not shared by names that are equal when they are joined', async () => {
    const { tokens, keyRing } = await setUpKeyRing();
    const { id } = keyRing.signing;
    const one = tokens.issue(callerNamed('bob'), target(id, { environment: 'x","y', name: 'z' }));
    const other = tokens.issue(callerNamed('bob'), target(id, { environment: 'x', name: 'y","z' }));
    expect(one).not.toBe(other);
  });

  it('a token is issued again until half of its lifetime has passed, and then a new one', async () => {
    const { tokens, keyRing, clock } = await setUpKeyRing();
    const { id } = keyRing.signing;
    const first = tokens.issue(callerNamed('bob'), target(id)) ?? '';
    clock.advance(24 * 3_600_000 - 1);
    expect(tokens.issue(callerNamed('bob'), target(id))).toBe(first);
    clock.advance(1);
    const second = tokens.issue(callerNamed('bob'), target(id)) ?? '';
    expect(second).not.toBe(first);
    expect(parseToken(second).expiresAt - clock.now()).toBeGreaterThan(48 * 3_600_000);
  });

  it('a forced token is new, and is issued again from then on', async () => {
    const { tokens, keyRing } = await setUpKeyRing();
    const { id } = keyRing.signing;
    const first = tokens.issue(callerNamed('bob'), target(id));
    const forced = tokens.issue(callerNamed('bob'), target(id), true);
    expect(forced).not.toBe(first);
    expect(tokens.issue(callerNamed('bob'), target(id))).toBe(forced);
  });

  it('a token is signed by the pair that the kite trusts, and never by a revoked one', async () => {
    const { tokens, keyRing, credentials } = await setUpKeyRing();
    const { id } = keyRing.signing;
    await keyRing.rotate();
    const kite = testIdentity({ username: 'kontrol', environment: 'unknown', name: 'kontrol' });
    expect(
      credentials.verifyToken(tokens.issue(callerNamed('bob'), { kite, keyId: id }) ?? '').username,
    ).toBe('bob');
    await keyRing.revoke(id);
    expect(tokens.issue(callerNamed('bob'), { kite, keyId: id })).toBeUndefined();
    expect(tokens.issue(callerNamed('bob'), { kite, keyId: 'unknown' })).toBeUndefined();
  });
});
