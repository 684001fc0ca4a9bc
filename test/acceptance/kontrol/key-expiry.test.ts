import { expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { decodeJwt, newKiteKey, parseKiteKey } from '../../../src/lib/keys/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { KEY_TTL } from '../../../src/lib/kontrol/limits/kontrol-limits.js';
import { openPolicy } from '../../../src/lib/kontrol/policy/policy.js';
import { ManualClock, type TestKontrol, testKontrol } from '../../../src/lib/testing.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LEEWAY = 5 * MINUTE;
const MATH = 'http://127.0.0.1:3636/kite';

/** A kite sends one heartbeat per hour. */
const timings = { heartbeat: HOUR, lease: 3 * HOUR, refresh: HOUR, storedLease: 4 * HOUR, probe: HOUR / 2 };

/** A kite key of bob's, signed by the key pair of the test, that expired an hour ago. */
async function expiredKey(kontrolUrl: string): Promise<string> {
  const clock = new ManualClock(systemClock.now() - 2 * HOUR);
  const keyPair = await testKeyPair(0);
  return newKiteKey({ username: 'bob', kontrolUser: 'kontrol', kontrolUrl, keyPair, ttl: HOUR, clock });
}

it('a kite key of an invite with keyTtl expires after that time, and one of another invite does not', async () => {
  const { kontrol } = await startKontrol({ registration: 'invite' });
  const keyOf = async (options: { readonly keyTtl?: number }) => {
    const client = new Kite('register', '1.0.0', {
      username: 'bob',
      kiteKey: false,
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => client.close());
    const registering = client.newClient(kontrol.url);
    await registering.dial();
    const invite = await kontrol.invite('bob', options);
    return parseKiteKey(await registering.tell<string>('registerMachine', { invite }));
  };
  const key = await keyOf({ keyTtl: 90 * DAY });
  expect((key.expiresAt ?? 0) - (key.issuedAt ?? 0)).toBe(90 * DAY);
  expect(key.ttl).toBe(90 * DAY);
  expect(await keyOf({})).toMatchObject({ expiresAt: undefined, ttl: undefined });
  for (const keyTtl of [0, -1, 1000, Number.NaN, KEY_TTL + 1])
    await expect(kontrol.invite('bob', { keyTtl })).rejects.toMatchObject({ type: 'argumentError' });
});

it('an expired kite key is rejected at each place that accepts kite keys, with an error that contains the next step', async () => {
  const { kontrol, origin } = await startKontrol({ page: pageFolder(), webrtc: true });
  const key = await expiredKey(kontrol.url);
  const client = async (url: string) => {
    const kite = new Kite('math', '1.0.0', {
      username: 'bob',
      kiteKey: false,
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => kite.close());
    const dialed = kite.newClient(url, { auth: { type: 'kiteKey', key } });
    await dialed.dial();
    return dialed;
  };
  const kite = await startKite(kontrol, { kiteKey: await kontrol.newKiteKey('bob') });
  const reverse = await startReverseProxy(kontrol, { localKites: true });
  const tunnel = await startTunnelProxy(kontrol);
  const atKontrol = await client(kontrol.url);
  const places: Record<string, () => Promise<unknown>> = {
    'a method of a kite': async () => (await client(kite.url ?? '')).tell('square', 4),
    'register at a reverse proxy': async () =>
      (await client(reverse.kite.url ?? '')).tell('register', { url: MATH }),
    'register at a tunnel proxy': async () => (await client(tunnel.kite.url ?? '')).tell('register', {}),
    'POST /register': async () => {
      const body = JSON.stringify({ url: MATH, kite: kite.identity, auth: { type: 'kiteKey', key } });
      const { err: message, code } = (await (
        await fetch(`${origin}/register`, { method: 'POST', body })
      ).json()) as {
        err: string;
        code: string;
      };
      throw Object.assign(new Error(message), { code });
    },
  };
  const methods = ['register', 'getKites', 'getToken', 'getKey', 'watchKeys', 'cancelWatcher', 'signInCode'];
  for (const method of [...methods, 'kite.handleWebRTC', 'kontrol.users'])
    places[`${method} of Kontrol`] = () => atKontrol.call(method, [{}]);
  for (const [place, call] of Object.entries(places)) {
    const error = await call().then(
      () => ({ message: 'accepted', code: '' }),
      (reason: unknown) => reason as { message: string; code: string },
    );
    expect([place, error.message, error.code]).toEqual([
      place,
      'kiteKey: it has expired; get a new kite key with: kitectl register --force',
      'kiteKeyExpired',
    ]);
  }
  console.log(`an expired kite key was rejected at ${Object.keys(places).length} places`);
});

async function startKite(kontrol: Kontrol, options: KiteOptions): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    kontrolUrl: kontrol.url,
    environment: 'test',
    port: 0,
    env: {},
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  await kite.listen();
  return kite;
}

/** A Kontrol, and a kite whose kite key is valid for four days and whose renewed forms the test collects. */
async function expiringKite(): Promise<{ clock: ManualClock; kit: TestKontrol; kite: Kite; keys: string[] }> {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const kit = await testKontrol({ clock, timings, policy: openPolicy() });
  onTestFinished(() => kit.close());
  const key = await kit.kontrol.newKiteKey('bob', { ttl: 4 * DAY });
  const keys = [key];
  const kite = await kit.kite('math', { kiteKey: key, saveKiteKey: (jwt) => void keys.push(jwt) });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  await kite.listen();
  return { clock, kit, kite, keys };
}

it('a kite that stays registered renews its kite key at half of its lifetime, and loses neither its registration nor its watch', async () => {
  const { clock, kit, kite, keys } = await expiringKite();
  let registrations = 0;
  kite.on('register', () => registrations++);
  await kite.registerForever();
  const events: string[] = [];
  const watch = await kite.watchKites({ username: 'alice' }, ({ action, kite: { kite: found } }) =>
    events.push(`${action} ${found.name}`),
  );
  const observer = await kit.kite('observer', { username: 'carol' });
  const seen: string[] = [];
  const observed = await observer.watchKites({ username: 'bob' }, ({ action, kite: { kite: found } }) =>
    seen.push(`${action} ${found.name}`),
  );
  for (let hour = 0; hour < 19 * 24; hour++) {
    clock.leap(HOUR);
    await Promise.all([kite.getKey(), observer.getKey()]);
  }
  const other = await kit.kite('echo', { username: 'alice' });
  await other.listen();
  await other.register();
  await expect.poll(() => events).toEqual(['REGISTER echo']);
  expect(keys).toHaveLength(10);
  expect(registrations).toBe(10);
  expect(seen).toEqual([]);
  const [first, last] = [keys[0], keys.at(-1)].map((key) => parseKiteKey(key ?? ''));
  expect([last?.id, last?.issuedAt, last?.ttl]).toEqual([first?.id, first?.issuedAt, 4 * DAY]);
  expect(last?.expiresAt).toBeGreaterThan(clock.now());
  const [stored] = (await kit.kontrol.user('bob')).filter(({ type }) => type === 'kiteKey');
  expect(stored).toMatchObject({ id: first?.id, endsAt: last?.expiresAt });
  watch.cancel();
  observed.cancel();
});

it('a kite over HTTP is asked to register again at half of the lifetime of its kite key, and when the key expires', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { kontrol, origin } = await startKontrol({ clock, timings });
  const kite = testIdentity({ username: 'bob' });
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('bob', { ttl: 8 * HOUR }) };
  const body = JSON.stringify({ url: MATH, kite, auth });
  const register = async () =>
    (await (await fetch(`${origin}/register`, { method: 'POST', body })).json()) as Record<string, string>;
  const beat = async (): Promise<string> => (await fetch(`${origin}/heartbeat?id=${kite.id}`)).text();
  const hour = async (): Promise<string> => {
    clock.advance(HOUR);
    return beat();
  };
  expect(await register()).not.toHaveProperty('kiteKey');
  expect([await hour(), await hour(), await hour(), await hour()]).toEqual([
    'pong',
    'pong',
    'pong',
    'registeragain',
  ]);
  const { kiteKey = '' } = await register();
  expect(parseKiteKey(kiteKey).expiresAt).toBe(clock.now() + 8 * HOUR);
  // A kite that does not use the fresh key stays registered until its key expires.
  expect([await hour(), await hour(), await hour(), await hour()]).toEqual(['pong', 'pong', 'pong', 'pong']);
  clock.advance(LEEWAY);
  expect(await beat()).toBe('registeragain');
  expect(await register()).toMatchObject({ code: 'kiteKeyExpired' });
});

it('a kite that does not renew its kite key loses its connection when a quarter of the lifetime is left, and when the key expires', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { kontrol } = await startKontrol({ clock, timings });
  const key = await kontrol.newKiteKey('bob', { ttl: 8 * HOUR });
  const register = async () => {
    const caller = await connect(kontrol, 'bob', { key, kite: { clock } });
    const closed = new Promise<void>((resolve) => caller.disconnected(() => resolve()));
    const result = await caller.tell<{ kiteKey?: string }>('register', { url: MATH });
    const { ping } = await caller.heartbeat;
    return { caller, closed, ping, result };
  };
  const first = await register();
  expect(first.result.kiteKey).toBeUndefined();
  clock.leap(5 * HOUR);
  first.ping();
  await first.caller.tell('getKey');
  clock.leap(HOUR);
  first.ping();
  await first.closed;
  const second = await register();
  expect(parseKiteKey(second.result.kiteKey ?? '').expiresAt).toBe(clock.now() + 8 * HOUR);
  clock.leap(2 * HOUR);
  second.ping();
  await second.caller.tell('kite.ping');
  clock.leap(LEEWAY);
  second.ping();
  await second.closed;
  await expect(register()).rejects.toMatchObject({ code: 'kiteKeyExpired' });
});

it('a token, a session and a sign-in link of a kite key that expires do not outlive it', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { kontrol } = await startKontrol({ clock, page: pageFolder(), policy: openPolicy() });
  const key = await kontrol.newKiteKey('bob', { ttl: HOUR });
  const end = (clock.now() + HOUR + LEEWAY) / 1000;
  const bob = await connect(kontrol, 'bob', { key, kite: { clock } });
  await bob.tell('register', { url: MATH });
  const token = await bob.tell<string>('getToken', { username: 'bob', environment: 'prod', name: 'math' });
  const { code } = await bob.tell<{ code: string }>('signInCode');
  const session = await bob.tell<{ token: string }>('signIn', { code });
  expect(decodeJwt(token).claims['exp']).toBeLessThanOrEqual(end + LEEWAY / 1000);
  expect(decodeJwt(session.token).claims['sessionExp']).toBe(end);
});

it('the invites of a user that was revoked are deleted, also one that is redeemed at that moment', async () => {
  const storage = new FakeStorage();
  const { kontrol } = await startKontrol({ storage });
  const invites = await Promise.all([kontrol.invite('bob'), kontrol.invite('bob'), kontrol.invite('alice')]);
  const kite = new Kite('register', '1.0.0', {
    username: 'bob',
    kiteKey: false,
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close());
  const client = kite.newClient(kontrol.url);
  await client.dial();
  // The revocation takes effect while the store looks up the invite.
  const take = storage.takeInvite.bind(storage);
  storage.takeInvite = async (hash, now) => {
    const taken = await take(hash, now);
    await kontrol.revokeUser('bob');
    return taken;
  };
  const redeem = (invite: string | undefined) => client.tell('registerMachine', { invite });
  await expect(redeem(invites[0])).rejects.toMatchObject({ code: 'badInvite' });
  storage.takeInvite = take;
  await expect(redeem(invites[1])).rejects.toMatchObject({ code: 'badInvite' });
  expect(storage.pendingInvites.size).toBe(1);
  await kontrol.invite('bob');
  expect(await kontrol.revokeUser('bob')).toEqual({ known: true, invites: 1 });
  expect(await kontrol.revokeUser('bbo')).toEqual({ known: false, invites: 0 });
});
