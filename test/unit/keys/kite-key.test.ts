import { describe, expect, it } from 'vitest';
import { decodeJwt, newKiteKey, parseKiteKey, signJwt, verifyJwt } from '../../../src/lib/keys/index.js';
import { KONTROL_URL, testKeyPair } from '../../helpers/kite/keys.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const clock = new ManualClock();

describe('a kite key', () => {
  it('a kite key is signed by the key that it contains, and identifies its user', async () => {
    const keyPair = await testKeyPair();
    const jwt = newKiteKey({
      username: 'alice',
      kontrolUser: 'kontrol',
      kontrolUrl: KONTROL_URL,
      keyPair,
      clock,
      id: 'k1',
    });
    expect(parseKiteKey(jwt)).toEqual({
      jwt,
      username: 'alice',
      kontrolUser: 'kontrol',
      kontrolUrl: KONTROL_URL,
      kontrolKey: keyPair.publicKey,
      id: 'k1',
      issuedAt: clock.now(),
    });
    expect(verifyJwt(jwt, keyPair.publicKey, { clock })).toEqual({
      iss: 'kontrol',
      sub: 'alice',
      iat: clock.now() / 1000,
      jti: 'k1',
      kontrolURL: KONTROL_URL,
      kontrolKey: keyPair.publicKey,
    });
  });

  it('a kite key has a unique id and never expires', async () => {
    const make = async () =>
      newKiteKey({ username: 'a', kontrolUser: 'k', kontrolUrl: '', keyPair: await testKeyPair(), clock });
    const [one, other] = [await make(), await make()];
    expect(parseKiteKey(one).id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(parseKiteKey(one).id).not.toBe(parseKiteKey(other).id);
    expect(decodeJwt(one).claims).not.toHaveProperty('exp');
  });

  it.each(['sub', 'iss', 'kontrolKey'])(
    'a kite key is rejected without "%s", or with another type for it',
    async (claim) => {
      const { publicKey, privateKey } = await testKeyPair();
      for (const value of [undefined, '', 5, null, ['alice'], {}]) {
        const claims = { iss: 'kontrol', sub: 'alice', kontrolKey: publicKey, [claim]: value };
        expect(() => parseKiteKey(signJwt(claims, privateKey))).toThrow(
          `it is not a kite key: "${claim}" is missing`,
        );
      }
    },
  );
});
