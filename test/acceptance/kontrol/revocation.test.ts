import { describe, expect, it } from 'vitest';
import { decodeJwt, parseKiteKey } from '../../../src/lib/keys/index.js';
import { openPolicy } from '../../../src/lib/kontrol/policy/policy.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { type Caller, connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { revokeWhileCalling } from '../../helpers/kontrol/revocation.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MATH = 'http://127.0.0.1:3636/kite';

interface Tokens {
  readonly kites: readonly { readonly token: string }[];
}

/** Connects to Kontrol with a token instead of a kite key. */
async function withToken({ kite }: Caller, url: string, key: string) {
  const client = kite.newClient(url, { auth: { type: 'token', key } });
  await client.dial();
  return client;
}

describe('the revocation of a kite key', () => {
  it('the revocation of a kite key ends 100 connections to 100 kites at two nodes, and 100 that they dialed, within a second', async () => {
    const storage = new FakeStorage();
    const { kites, ended, dialed, lastCall, lastEnd } = await revokeWhileCalling(() => storage, 50);
    console.log(
      `${kites} kites, ${ended} connections and ${dialed} dialed ones: the last call passed ${lastCall.toFixed()} ms after revoke had returned, ` +
        `the last connection ended after ${lastEnd.toFixed()} ms`,
    );
    expect([kites, ended, dialed]).toEqual([100, 100, 100]);
    expect(lastCall).toBeLessThan(1000);
    expect(lastEnd).toBeLessThan(1000);
  });

  it('the revocation of a kite key ends the connections to Kontrol that used it, with their watches', async () => {
    const storage = new FakeStorage();
    const [here, there] = [await startKontrol({ storage }), await startKontrol({ storage })];
    const math = await connect(there.kontrol, 'bob');
    const events: unknown[] = [];
    const query = { username: 'bob' };
    await math.subscribe('getKites', { query, watchCallback: (event: unknown) => events.push(event) });
    const closed = new Promise<number>((resolve) => math.disconnected(resolve));
    await here.kontrol.revokeKiteKey(math.key.id);
    await closed;
    await (await connect(there.kontrol, 'bob')).tell('register', { url: MATH });
    expect(events).toEqual([]);
  });

  it('the revocation of a key pair ends the connections to Kontrol that used it, with their watches', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.subscribe('getKites', { query: { username: 'bob' }, watchCallback: () => {} });
    const closed = new Promise<number>((resolve) => math.disconnected(resolve));
    await kontrol.revoke(kontrol.keyPairs()[0]?.id ?? '');
    await expect(closed).resolves.toBe(1008);
  });

  it('the revocation of a kite key reaches its form after a rotation, of which several registrations return one', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await kontrol.rotate();
    const fresh = new Set<string>();
    for (let n = 0; n < 3; n++)
      fresh.add((await math.tell<{ kiteKey: string }>('register', { url: MATH })).kiteKey);
    expect(fresh.size).toBe(1);
    const [key = ''] = fresh;
    expect(parseKiteKey(key).id).toBe(math.key.id);
    await kontrol.revokeKiteKey(math.key.id);
    const renewed = await connect(kontrol, 'bob', { key });
    await expect(renewed.tell('register', { url: MATH })).rejects.toMatchObject({ code: 'kiteKeyRevoked' });
  });

  it('the revocation of a kite key ends the renewal of tokens that were issued for it', async () => {
    const { kontrol, url } = await startKontrol({ policy: openPolicy() });
    const math = await connect(kontrol, 'bob');
    const other = await connect(kontrol, 'alice');
    const query = { username: 'kontrol', environment: kontrol.kite.identity.environment, name: 'kontrol' };
    const { kites } = await math.tell<Tokens>('getKites', { query });
    const token = kites[0]?.token ?? '';
    expect(decodeJwt(token).claims).toMatchObject({ kiteKeyId: math.key.id });
    const page = await withToken(other, url, token);
    const renewed = await page.tell<string>('getToken', { ...query, force: true });
    await kontrol.revokeKiteKey(math.key.id);
    for (const key of [token, renewed]) {
      const again = await withToken(other, url, key);
      await expect(again.tell('getToken', query)).rejects.toMatchObject({ code: 'kiteKeyRevoked' });
    }
  });

  it('the revocation of a kite key ends the sign-in links that were created with it', async () => {
    const { kontrol, url } = await startKontrol({ page: pageFolder() });
    const math = await connect(kontrol, 'bob');
    const other = await connect(kontrol, 'alice');
    const link = await math.tell<{ code: string }>('signInCode');
    await kontrol.revokeKiteKey(math.key.id);
    const page = other.kite.newClient(url);
    await page.dial();
    await expect(page.tell('signIn', { code: link.code })).rejects.toMatchObject({ code: 'signInCode' });
  });

  it('the revocation of a kite key reaches a kite over HTTP with its next heartbeat', async () => {
    const { kontrol, origin } = await startKontrol();
    const [math, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    const auth = { type: 'kiteKey', key: math.key.jwt };
    const body = JSON.stringify({ url: MATH, kite: math.kite.identity, auth });
    const register = async (): Promise<unknown> =>
      (await fetch(`${origin}/register`, { method: 'POST', body })).json();
    expect(await register()).not.toHaveProperty('revokedKiteKeys');
    await kontrol.revokeKiteKey(other.key.id);
    const beat = await fetch(`${origin}/heartbeat?id=${math.kite.identity.id}`);
    expect(await beat.text()).toBe('registeragain');
    expect(await register()).toMatchObject({ revokedKiteKeys: [other.key.id] });
  });
});

describe('the users of Kontrol', () => {
  it('the users of Kontrol are listed with their kites, kite keys, sessions and last uses', async () => {
    const clock = new ManualClock(Date.now());
    const { kontrol, url } = await startKontrol({ clock, page: pageFolder() });
    const [one, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    await one.tell('register', { url: MATH });
    const unused = parseKiteKey(await kontrol.newKiteKey('bob'));
    const link = await one.tell<{ code: string }>('signInCode');
    const unknown = one.kite.newClient(url);
    await unknown.dial();
    const { token } = await unknown.tell<{ token: string }>('signIn', { code: link.code });
    await (await withToken(other, url, token)).tell('getKites', { query: {} });
    await kontrol.revokeKiteKey(other.key.id);
    const lastUse = clock.now() - (clock.now() % HOUR);
    expect((await kontrol.users()).find(({ username }) => username === 'bob')).toEqual({
      username: 'bob',
      kites: 1,
      keys: 2,
      sessions: 1,
      lastUse,
    });
    expect(
      (await kontrol.user('bob')).map(({ type, id, revoked, lastUse: at }) => [type, id, revoked, at]),
    ).toEqual(
      expect.arrayContaining([
        ['kiteKey', one.key.id, false, lastUse],
        ['session', one.key.id, false, lastUse],
        ['kiteKey', unused.id, false, null],
        ['kiteKey', other.key.id, true, null],
      ]),
    );
    await expect(kontrol.user('nobody')).rejects.toMatchObject({ code: 'unknownUser' });
  });

  it('the users of Kontrol are the same at two nodes, and after both have restarted', async () => {
    const clock = new ManualClock(Date.now());
    const storage = new FakeStorage();
    const start = async () => (await startKontrol({ storage, clock, page: pageFolder() })).kontrol;
    const [here, there] = [await start(), await start()];
    const bob = await connect(here, 'bob');
    await bob.tell('register', { url: MATH });
    const { code } = await bob.tell<{ code: string }>('signInCode');
    const { token } = await bob.tell<{ token: string }>('signIn', { code });
    await (await withToken(bob, here.url, token)).tell('getKites', { query: {} });
    const alice = await connect(there, 'alice', { key: await here.newKiteKey('alice') });
    await alice.tell('register', { url: MATH });
    // A node records uses in the background.
    await expect.poll(async () => (await here.users())[0]?.lastUse).not.toBeNull();
    const users = await here.users();
    expect(users.map(({ username, keys, sessions }) => [username, keys, sessions])).toEqual([
      ['alice', 1, 0],
      ['bob', 1, 1],
      ['kontrol', 0, 0],
    ]);
    expect(await there.users()).toEqual(users);
    const ofBob = await here.user('bob');
    expect(await there.user('bob')).toEqual(ofBob);
    for (const kontrol of [here, there]) await kontrol.close({ drainTimeout: 100 });
    const again = await start();
    expect(await again.user('bob')).toEqual(ofBob);
    expect((await again.users()).map(({ username, lastUse }) => [username, lastUse])).toEqual(
      expect.arrayContaining(users.slice(0, 2).map(({ username, lastUse }) => [username, lastUse])),
    );
  });

  it('the users of Kontrol lose everything at two nodes within a second when they are revoked', async () => {
    const storage = new FakeStorage();
    const revoke = async (kontrol: Kontrol): Promise<void> => {
      const admin = await connect(kontrol, 'kontrol');
      await admin.tell('kontrol.revokeUser', { username: 'carol' });
      await admin.tell('kontrol.revokeUser', { username: 'bob' });
    };
    const { ended, lastCall, lastEnd } = await revokeWhileCalling(() => storage, 4, revoke);
    expect(ended).toBe(8);
    expect(Math.max(lastCall, lastEnd)).toBeLessThan(1000);
  });

  it('the users of Kontrol get a valid kite key right after they were revoked', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    await kontrol.revokeUser('bob');
    const again = await connect(kontrol, 'bob');
    await expect(again.tell('getKites', { query: { username: 'bob' } })).rejects.toThrow('no kites found');
    await again.tell('register', { url: MATH });
  });
});

describe('a session with a token for Kontrol', () => {
  it('a session with a token for Kontrol ends after sessionTtl, however often the token is renewed', async () => {
    const clock = new ManualClock(Date.now());
    const limits = { sessionTtl: 5 * DAY };
    const { kontrol, url } = await startKontrol({ clock, limits, page: pageFolder(), policy: openPolicy() });
    const math = await connect(kontrol, 'bob', { kite: { clock } });
    await math.tell('register', { url: MATH });
    const link = await math.tell<{ code: string }>('signInCode');
    const unknown = math.kite.newClient(url);
    await unknown.dial();
    let { token } = await unknown.tell<{ token: string }>('signIn', { code: link.code });
    const query = { username: 'kontrol', environment: kontrol.kite.identity.environment, name: 'kontrol' };
    for (let day = 1; day < 5; day++) {
      clock.advance(DAY);
      const page = await withToken(math, url, token);
      token = await page.tell<string>('getToken', { ...query, force: true });
    }
    // The kite has deregistered, because it sends no heartbeats while the clock advances.
    const again = await connect(kontrol, 'bob', { kite: { clock } });
    await again.tell('register', { url: MATH });
    const ofMath = await (await withToken(math, url, token)).tell<string>('getToken', {
      id: again.kite.identity.id,
    });
    const { exp } = decodeJwt(ofMath).claims;
    expect(exp).toBeLessThanOrEqual((clock.now() + DAY + 5 * 60_000) / 1000);
    clock.advance(DAY);
    await expect((await withToken(math, url, token)).tell('getToken', query)).rejects.toMatchObject({
      code: 'sessionEnded',
    });
  });
});
