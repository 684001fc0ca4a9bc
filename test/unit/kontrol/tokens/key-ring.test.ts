import { describe, expect, it } from 'vitest';
import { testKeyPair, testToken } from '../../../helpers/kite/keys.js';
import { setUpKeyRing } from '../../../helpers/kontrol/key-ring.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';
import { RevokedIds } from '../../../../src/lib/keys/revoked-ids.js';

describe('the key ring', () => {
  it('the key ring starts with the configured pair, stores it, and loads it again', async () => {
    const { storage, keyRing, keyPair } = await setUpKeyRing();
    expect(keyRing.signing.publicKey).toBe(keyPair.publicKey);
    const { keyRing: again } = await setUpKeyRing(storage);
    expect(again.signing.id).toBe(keyRing.signing.id);
    expect(storage.pairs.size).toBe(1);
  });

  it('the key ring adds the configured pair once if two nodes start with it at the same time', async () => {
    const storage = new FakeStorage();
    const [a, b] = await Promise.all([setUpKeyRing(storage), setUpKeyRing(storage)]);
    expect(storage.pairs.size).toBe(1);
    expect(a.keyRing.signing.id).toBe(b.keyRing.signing.id);
    expect(a.keyRing.signing.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/);
  });

  it('the key ring creates a pair only if it has none', async () => {
    const { storage, keyRing } = await setUpKeyRing(undefined, false);
    const { keyRing: again } = await setUpKeyRing(storage, false);
    expect(again.signing.id).toBe(keyRing.signing.id);
  });

  it('the key ring uses changed key files as a rotation', async () => {
    const { storage, keyRing } = await setUpKeyRing(undefined, false);
    const { keyRing: again, keyPair } = await setUpKeyRing(storage);
    expect(again.signing.publicKey).toBe(keyPair.publicKey);
    expect(again.get(keyRing.signing.id)?.state).toBe('retired');
  });

  it('the key ring accepts signatures of a retired pair', async () => {
    const { keyRing, credentials } = await setUpKeyRing();
    const old = keyRing.signing;
    const kiteKey = keyRing.newKiteKey('bob');
    await keyRing.rotate();
    expect(keyRing.signing.id).not.toBe(old.id);
    expect(credentials.verifyKiteKey(kiteKey)).toMatchObject({
      username: 'bob',
      pair: { id: old.id, state: 'retired' },
    });
  });

  it('the key ring rejects signatures of a revoked pair, verified ones included, and signs with a new pair', async () => {
    const { keyRing, credentials, storage, clock } = await setUpKeyRing();
    const kiteKey = keyRing.newKiteKey('bob');
    const { id } = keyRing.signing;
    const token = testToken('bob', '/kontrol', await testKeyPair(0), clock);
    credentials.verifyKiteKey(kiteKey);
    expect(credentials.verifyToken(token).username).toBe('bob');
    await keyRing.revoke(id);
    expect(() => credentials.verifyKiteKey(kiteKey)).toThrow('the key pair that signed it was revoked');
    expect(() => credentials.verifyToken(token)).toThrow('token is expired');
    expect(keyRing.signing.id).not.toBe(id);
    await expect(setUpKeyRing(storage)).rejects.toThrow('was revoked');
  });

  it('the key ring rejects a single kite key by its id', async () => {
    const { keyRing, credentials } = await setUpKeyRing();
    const [one, other] = [keyRing.newKiteKey('bob'), keyRing.newKiteKey('bob')];
    credentials.verifyKiteKey(one);
    await keyRing.revokeKiteKey(credentials.verifyKiteKey(one).kiteKeyId);
    expect(() => credentials.verifyKiteKey(one)).toThrow('it was revoked');
    expect(credentials.verifyKiteKey(other).username).toBe('bob');
  });

  it('the key ring signs a kite key again after a rotation under the same id, so that a revocation reaches both', async () => {
    const { keyRing, credentials, clock } = await setUpKeyRing();
    const old = keyRing.newKiteKey('bob');
    await keyRing.rotate();
    clock.advance(3_600_000);
    const renewals = [1, 2, 3].map(() => keyRing.renewKiteKey(credentials.verifyKiteKey(old)));
    const [renewed = ''] = renewals;
    expect(new Set(renewals).size).toBe(1);
    const { kiteKeyId, pair } = credentials.verifyKiteKey(renewed);
    expect(pair.id).toBe(keyRing.signing.id);
    expect(kiteKeyId).toBe(credentials.verifyKiteKey(old).kiteKeyId);
    await keyRing.revokeKiteKey(kiteKeyId);
    for (const kiteKey of [old, renewed])
      expect(() => credentials.verifyKiteKey(kiteKey)).toThrow('it was revoked');
  });

  it('the key ring revokes every kite key that a user has, and issues new ones from then on', async () => {
    const { keyRing, credentials, clock } = await setUpKeyRing();
    const [one, other] = [keyRing.newKiteKey('bob'), keyRing.newKiteKey('alice')];
    await keyRing.revokeKiteKey(RevokedIds.ofUser('bob', clock.now()));
    const next = keyRing.newKiteKey('bob');
    expect(() => credentials.verifyKiteKey(one)).toThrow('it was revoked');
    expect(credentials.verifyKiteKey(other).username).toBe('alice');
    expect(credentials.verifyKiteKey(next).username).toBe('bob');
    await keyRing.reload();
    expect(() => credentials.verifyKiteKey(one)).toThrow('it was revoked');
  });

  it('the key ring names an unknown pair', async () => {
    const { keyRing } = await setUpKeyRing();
    await expect(keyRing.revoke('nobody')).rejects.toThrow('no key pair with the id "nobody"');
  });
});
