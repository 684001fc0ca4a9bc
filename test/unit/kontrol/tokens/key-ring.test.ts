import { describe, expect, it } from 'vitest';
import { decodeJwt, parseToken, signJwt } from '../../../../src/lib/keys/index.js';
import { Credentials } from '../../../../src/lib/kontrol/tokens/credentials.js';
import { KeyRing } from '../../../../src/lib/kontrol/tokens/key-ring.js';
import { Tokens } from '../../../../src/lib/kontrol/tokens/token-issuer.js';
import { FakeStorage } from '../../../helpers/fake-storage.js';
import { KONTROL_URL, testIdentity, testKeyPair, testKiteKey, testToken } from '../../../helpers/keys.js';
import { ManualClock } from '../../../helpers/manual-clock.js';

async function setUp(storage = new FakeStorage(), initial = true) {
  const clock = new ManualClock();
  const keyPair = await testKeyPair(0);
  const keyRing = new KeyRing({
    storage,
    clock,
    kontrolUser: 'kontrol',
    kontrolUrl: () => KONTROL_URL,
    ...(initial && { initial: keyPair }),
  });
  await keyRing.open();
  const identity = testIdentity({ username: 'kontrol', name: 'kontrol', environment: 'unknown' });
  const credentials = new Credentials({ keyRing, identity, clock });
  let signed = 0;
  const tokens = new Tokens({ keyRing, issuer: 'kontrol', clock, onSign: () => signed++ });
  return { clock, storage, keyPair, keyRing, credentials, tokens, signatures: () => signed };
}

describe('the key ring', () => {
  it('begins with the given pair, keeps it in the store, and finds it there again', async () => {
    const { storage, keyRing, keyPair } = await setUp();
    expect(keyRing.signing.publicKey).toBe(keyPair.publicKey);
    const { keyRing: again } = await setUp(storage);
    expect(again.signing.id).toBe(keyRing.signing.id);
    expect(storage.pairs.size).toBe(1);
  });

  it('adds the given pair once where two nodes begin with it at the same time', async () => {
    const storage = new FakeStorage();
    const [a, b] = await Promise.all([setUp(storage), setUp(storage)]);
    expect(storage.pairs.size).toBe(1);
    expect(a.keyRing.signing.id).toBe(b.keyRing.signing.id);
    expect(a.keyRing.signing.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/);
  });

  it('makes a pair where it has none, and only then', async () => {
    const { storage, keyRing } = await setUp(undefined, false);
    const { keyRing: again } = await setUp(storage, false);
    expect(again.signing.id).toBe(keyRing.signing.id);
  });

  it('takes other key files for a rotation', async () => {
    const { storage, keyRing } = await setUp(undefined, false);
    const { keyRing: again, keyPair } = await setUp(storage);
    expect(again.signing.publicKey).toBe(keyPair.publicKey);
    expect(again.get(keyRing.signing.id)?.state).toBe('retired');
  });

  it('goes on accepting what a retired pair signed', async () => {
    const { keyRing, credentials } = await setUp();
    const old = keyRing.signing;
    const kiteKey = keyRing.newKiteKey('bob');
    await keyRing.rotate();
    expect(keyRing.signing.id).not.toBe(old.id);
    expect(credentials.verifyKiteKey(kiteKey)).toMatchObject({
      username: 'bob',
      pair: { id: old.id, state: 'retired' },
    });
  });

  it('refuses what a revoked pair signed, also what was verified before, and signs with a new one', async () => {
    const { keyRing, credentials, storage, clock } = await setUp();
    const kiteKey = keyRing.newKiteKey('bob');
    const { id } = keyRing.signing;
    const token = testToken('bob', '/kontrol', await testKeyPair(0), clock);
    credentials.verifyKiteKey(kiteKey);
    expect(credentials.verifyToken(token)).toBe('bob');
    await keyRing.revoke(id);
    expect(() => credentials.verifyKiteKey(kiteKey)).toThrow('the key pair that signed it was revoked');
    expect(() => credentials.verifyToken(token)).toThrow('token is expired');
    expect(keyRing.signing.id).not.toBe(id);
    await expect(setUp(storage)).rejects.toThrow('was revoked');
  });

  it('refuses a single kite key by its id', async () => {
    const { keyRing, credentials } = await setUp();
    const [one, other] = [keyRing.newKiteKey('bob'), keyRing.newKiteKey('bob')];
    credentials.verifyKiteKey(one);
    await keyRing.revokeKiteKey(credentials.verifyKiteKey(one).id);
    expect(() => credentials.verifyKiteKey(one)).toThrow('it was revoked');
    expect(credentials.verifyKiteKey(other).username).toBe('bob');
  });

  it('says which pair it does not know', async () => {
    const { keyRing } = await setUp();
    await expect(keyRing.revoke('nobody')).rejects.toThrow('no key pair with the id "nobody"');
  });
});

describe('a kite key', () => {
  it('of another Kontrol, or with a kontrolKey of its own, is refused', async () => {
    const { credentials, clock } = await setUp();
    const foreign = testKiteKey('alice', await testKeyPair(1), clock).jwt;
    expect(() => credentials.verifyKiteKey(foreign)).toThrow('not signed by this Kontrol');
  });

  it("that names Kontrol's key and was signed by another is refused", async () => {
    const { credentials, clock, keyPair } = await setUp();
    const { claims } = decodeJwt(testKiteKey('alice', keyPair, clock).jwt);
    const forged = signJwt(claims, (await testKeyPair(1)).privateKey);
    expect(() => credentials.verifyKiteKey(forged)).toThrow('signature');
  });

  it('that expires is not remembered beyond that', async () => {
    const { credentials, clock, keyPair } = await setUp();
    const { claims } = decodeJwt(testKiteKey('alice', keyPair, clock).jwt);
    const short = signJwt({ ...claims, exp: clock.now() / 1000 + 60 }, keyPair.privateKey);
    expect(credentials.verifyKiteKey(short).username).toBe('alice');
    clock.advance(3_600_000);
    expect(() => credentials.verifyKiteKey(short)).toThrow('expired');
  });

  it('is no token, and a token is no kite key', async () => {
    const { credentials, clock, keyPair, keyRing } = await setUp();
    expect(() => credentials.verifyToken(keyRing.newKiteKey('bob'))).toThrow('it is no token');
    const token = testToken('bob', '/kontrol', keyPair, clock);
    expect(() => credentials.verifyKiteKey(token)).toThrow('it is no kite key');
  });
});

it('a token for another kite, or of another issuer, does not open Kontrol', async () => {
  const { credentials, clock, keyPair } = await setUp();
  expect(() => credentials.verifyToken(testToken('bob', '/alice', keyPair, clock))).toThrow(
    'its audience is /alice',
  );
  const claims = { iss: 'mallory', sub: 'bob', aud: '/kontrol', exp: clock.now() / 1000 + 60 };
  expect(() => credentials.verifyToken(signJwt(claims, keyPair.privateKey))).toThrow('issuer is not trusted');
});

describe('a token', () => {
  const target = (keyId: string, changes = {}) => ({ kite: testIdentity(changes), keyId });

  it('is for user, environment and name of the kite that was found', async () => {
    const { tokens, keyRing } = await setUp();
    const token = tokens.issue('bob', target(keyRing.signing.id)) ?? '';
    expect(parseToken(token)).toMatchObject({
      username: 'bob',
      issuer: 'kontrol',
      audience: '/alice/prod/math',
    });
  });

  it('is signed once for all kites of one name, and again for another name, caller or environment', async () => {
    const { tokens, keyRing, signatures } = await setUp();
    const { id } = keyRing.signing;
    for (let i = 0; i < 100; i++) tokens.issue('bob', target(id, { id: `id${i}`, version: `1.0.${i}` }));
    expect(signatures()).toBe(1);
    tokens.issue('bob', target(id, { name: 'text' }));
    tokens.issue('carol', target(id));
    tokens.issue('bob', target(id, { environment: 'test' }));
    expect(signatures()).toBe(4);
  });

  it('is never mistaken for that of names that read the same when they are put together', async () => {
    const { tokens, keyRing } = await setUp();
    const { id } = keyRing.signing;
    const one = tokens.issue('bob', target(id, { environment: 'x","y', name: 'z' }));
    const other = tokens.issue('bob', target(id, { environment: 'x', name: 'y","z' }));
    expect(one).not.toBe(other);
  });

  it('is handed out again while half its life is left, and then made anew', async () => {
    const { tokens, keyRing, clock } = await setUp();
    const { id } = keyRing.signing;
    const first = tokens.issue('bob', target(id)) ?? '';
    clock.advance(24 * 3_600_000 - 1);
    expect(tokens.issue('bob', target(id))).toBe(first);
    clock.advance(1);
    const second = tokens.issue('bob', target(id)) ?? '';
    expect(second).not.toBe(first);
    expect(parseToken(second).expiresAt - clock.now()).toBeGreaterThan(48 * 3_600_000);
  });

  it('is made anew by force, and that one is handed out from then on', async () => {
    const { tokens, keyRing } = await setUp();
    const { id } = keyRing.signing;
    const first = tokens.issue('bob', target(id));
    const forced = tokens.issue('bob', target(id), true);
    expect(forced).not.toBe(first);
    expect(tokens.issue('bob', target(id))).toBe(forced);
  });

  it('is signed by the pair that the kite trusts, and by none that is revoked', async () => {
    const { tokens, keyRing, credentials } = await setUp();
    const { id } = keyRing.signing;
    await keyRing.rotate();
    const kite = testIdentity({ username: 'kontrol', environment: 'unknown', name: 'kontrol' });
    expect(credentials.verifyToken(tokens.issue('bob', { kite, keyId: id }) ?? '')).toBe('bob');
    await keyRing.revoke(id);
    expect(tokens.issue('bob', { kite, keyId: id })).toBeUndefined();
    expect(tokens.issue('bob', { kite, keyId: 'unknown' })).toBeUndefined();
  });
});
