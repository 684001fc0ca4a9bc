import { describe, expect, it, vi } from 'vitest';
import { decodeJwt, signJwt } from '../../../../src/lib/keys/index.js';
import { testKeyPair, testKiteKey, testToken } from '../../../helpers/kite/keys.js';
import { setUpKeyRing } from '../../../helpers/kontrol/key-ring.js';

describe('a kite key', () => {
  it('a kite key of another Kontrol, or with a kontrolKey that the caller created, is rejected', async () => {
    const { credentials, clock } = await setUpKeyRing();
    const foreign = testKiteKey('alice', await testKeyPair(1), clock).jwt;
    expect(() => credentials.verifyKiteKey(foreign)).toThrow('not signed by this Kontrol');
  });

  it("a kite key with Kontrol's key and the signature of another is rejected", async () => {
    const { credentials, clock, keyPair } = await setUpKeyRing();
    const { claims } = decodeJwt(testKiteKey('alice', keyPair, clock).jwt);
    const forged = signJwt(claims, (await testKeyPair(1)).privateKey);
    expect(() => credentials.verifyKiteKey(forged)).toThrow('signature');
  });

  it('a kite key that expires is not cached beyond that', async () => {
    const { credentials, clock, keyPair } = await setUpKeyRing();
    const { claims } = decodeJwt(testKiteKey('alice', keyPair, clock).jwt);
    const short = signJwt({ ...claims, exp: clock.now() / 1000 + 60 }, keyPair.privateKey);
    expect(credentials.verifyKiteKey(short).username).toBe('alice');
    clock.advance(3_600_000);
    expect(() => credentials.verifyKiteKey(short)).toThrow('expired');
  });

  it('a kite key is verified again if verifiedKiteKeys others were verified since', async () => {
    const { credentials, keyRing } = await setUpKeyRing(undefined, true, { verifiedKiteKeys: 2 });
    const lookups = vi.spyOn(keyRing, 'findByPublicKey');
    const verifications = (kiteKey: string): number => {
      lookups.mockClear();
      credentials.verifyKiteKey(kiteKey);
      return lookups.mock.calls.length;
    };
    const [one, other, third] = ['bob', 'bob', 'bob'].map((user) => keyRing.newKiteKey(user));
    expect([one, other, one, third, one, other].map((key = '') => verifications(key))).toEqual([
      1, 1, 0, 1, 0, 1,
    ]);
  });

  it('a kite key is rejected as a token, and a token as a kite key', async () => {
    const { credentials, clock, keyPair, keyRing } = await setUpKeyRing();
    expect(() => credentials.verifyToken(keyRing.newKiteKey('bob'))).toThrow('it is not a token');
    const token = testToken('bob', '/kontrol', keyPair, clock);
    expect(() => credentials.verifyKiteKey(token)).toThrow('it is not a kite key');
  });
});
