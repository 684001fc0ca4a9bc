import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { newKiteKey } from '../../../../src/lib/keys/index.js';
import type { KiteCore } from '../../../../src/lib/kite/core/kite-core.js';
import { KontrolMember } from '../../../../src/lib/kite/kontrol/kontrol-member.js';
import type { Registration } from '../../../../src/lib/kite/kontrol/registration.js';
import { ConfigurationError, KiteError } from '../../../../src/lib/protocol/errors.js';
import type { Clock } from '../../../../src/lib/util/clock.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { identity, makeCore, memoryDialer, settled } from '../../../helpers/kite/cores.js';
import { testKeyPair } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const url = 'http://me/kite';

/** A kite in memory and its Kontrol, which answers `register` with the next answer: a URL, or an error. */
function atKontrol(...answers: (Error | string)[]) {
  return withKey(() => 'key', ...answers);
}

/** The same with a kite key. */
function withKey(keyAt: (clock: Clock) => string, ...answers: (Error | string)[]) {
  const clock = new ManualClock();
  const delays: number[] = [];
  const timed: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(callback, ms) {
      delays.push(ms);
      return clock.setTimeout(callback, ms);
    },
  };
  const logged: string[] = [];
  const kontrol: KiteCore = makeCore({ clock });
  let attempts = 0;
  kontrol
    .handle('register', () => {
      attempts++;
      const next = answers.shift() ?? url;
      if (next instanceof Error) throw next;
      return { url: next, heartbeatInterval: 0 };
    })
    .disableAuthentication();
  const { dialer, ends } = memoryDialer(kontrol);
  const state = { reachable: true, ownUrl: () => Promise.resolve(url) };
  const logger = {
    ...silentLogger,
    warn: (text: string) => logged.push(`warn: ${text}`),
    error: (text: string) => logged.push(`error: ${text}`),
  };
  const core = makeCore({
    clock,
    logger,
    dialer: (...args) => (state.reachable ? dialer(...args) : Promise.reject(new Error('nobody is there'))),
  });
  const failures: string[] = [];
  const requests: string[] = [];
  const http = { registers: true };
  const revoked: string[] = [];
  const member = new KontrolMember({
    identity,
    urls: ['http://kontrol/kite'],
    kiteKey: keyAt(clock),
    keys: {
      use: () => {},
      revoke: () => {},
      revokeOwn: () => {},
      revokeIds: (ids) => void revoked.push(...ids),
      revokeOwnKey: () => void revoked.push('own'),
      close: () => {},
    },
    address: { registerUrl: () => state.ownUrl(), knownAs: () => {} },
    newClient: (target, options) => core.newClient(target, options),
    registered: () => {},
    registerFailed: ({ message }) => failures.push(message),
    timeout: 15_000,
    sendHttp: ({ pathname }) => {
      requests.push(pathname);
      if (pathname === '/heartbeat') return Promise.resolve(new Response('pong'));
      if (!http.registers) return Promise.reject(new Error('nobody is there'));
      return Promise.resolve(new Response(JSON.stringify({ url, heartbeatInterval: 3600 })));
    },
    clock: timed,
    logger,
    backoff: { random: () => 0 },
  });
  onTestFinished(() => {
    member.retire();
    member.close();
  });
  const registering = (): Promise<Registration> => {
    const promise = member.registerForever({ url });
    // Tests handle the rejection later.
    promise.catch(() => undefined);
    return promise;
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return {
    member,
    requests,
    http,
    registering,
    revoked,
    kontrol,
    state,
    logged,
    failures,
    ends,
    pass,
    attempts: () => attempts,
    delays,
  };
}

const keyPair = await testKeyPair(0);
const DAY = 24 * 3_600_000;

/** Returns a kite key that expires after 90 days. */
function expiring(clock: Clock): string {
  return newKiteKey({
    username: 'bob',
    kontrolUser: 'kontrol',
    kontrolUrl: url,
    keyPair,
    ttl: 90 * DAY,
    clock,
  });
}

const storeDown = new KiteError('genericError', 'the store is down', { code: 'storeUnavailable' });

describe('a permanent registration', () => {
  it.each(['Kontrol is unreachable', 'Kontrol cannot accept it'])(
    'a permanent registration rejects when the kite closes while %s',
    async (why) => {
      const { member, registering, state } = atKontrol(storeDown);
      state.reachable = why !== 'Kontrol is unreachable';
      const registration = registering();
      await settled();
      member.retire();
      await expect(registration).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
    },
  );

  it('a permanent registration looks for the URL of the kite again if it could not be found', async () => {
    const { member, state, pass, logged } = atKontrol();
    state.ownUrl = () => Promise.reject(new Error('no such name'));
    const registration = member.registerForever();
    await pass(0);
    await vi.waitFor(() =>
      expect(logged).toContainEqual(expect.stringMatching(/^warn: .* failed: no such name; trying again$/)),
    );
    state.ownUrl = () => Promise.resolve('http://found/kite');
    await pass(60_000);
    expect(await registration).toMatchObject({ url });
  });

  it('a permanent registration rejects at once if the kite does not listen', async () => {
    const { member, state } = atKontrol();
    state.ownUrl = () => Promise.reject(new ConfigurationError('noUrl', 'it does not listen'));
    await expect(member.registerForever()).rejects.toMatchObject({ code: 'noUrl' });
  });

  it('a permanent registration rejects at a closed kite', async () => {
    const { member, registering } = atKontrol();
    member.close();
    await expect(registering()).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
  });

  it('a permanent registration is retried, with a log line, on a temporary error', async () => {
    const { registering, pass, logged, failures, attempts } = atKontrol(storeDown, storeDown);
    const registration = registering();
    await settled();
    expect(failures).toEqual(['the store is down']);
    expect(logged).toEqual([expect.stringMatching(/^warn: .*the store is down.*trying again/)]);
    await pass(200);
    await pass(400);
    expect(await registration).toMatchObject({ url });
    expect(attempts()).toBe(3);
  });

  it.each([
    new KiteError('authenticationError', 'kiteKey: it was not signed by this Kontrol'),
    new KiteError('argumentError', "The kite's version is invalid"),
  ])('a permanent registration rejects on a permanent error: %s', async (refusal) => {
    const { registering, pass, failures, attempts } = atKontrol(refusal);
    await expect(registering()).rejects.toMatchObject({ type: refusal.type, message: refusal.message });
    expect(failures).toEqual([refusal.message]);
    await pass(3_600_000);
    expect(attempts()).toBe(1);
  });

  it('a permanent registration that is rejected later logs an error, emits an event, and is retried once per minute', async () => {
    const revoked = new KiteError('authenticationError', 'kiteKey: it was revoked');
    const { registering, ends, pass, logged, failures, attempts } = atKontrol(url, revoked, revoked);
    await registering();
    ends[0]?.far.close();
    await settled();
    await pass(200);
    expect(failures).toEqual(['kiteKey: it was revoked']);
    expect(logged).toEqual([expect.stringMatching(/^error: .*kiteKey: it was revoked/)]);
    await pass(59_999);
    expect(attempts()).toBe(2);
    await pass(1);
    expect(attempts()).toBe(3);
    await pass(60_000);
    expect(attempts()).toBe(4);
    await pass(3_600_000);
    expect([attempts(), failures.length]).toEqual([4, 2]);
  });

  it('a permanent registration that is rejected because the kite key was revoked makes the kite reject the key', async () => {
    const revokedKey = new KiteError('authenticationError', 'kiteKey: it was revoked', {
      code: 'kiteKeyRevoked',
    });
    const { registering, revoked } = atKontrol(revokedKey);
    await expect(registering()).rejects.toMatchObject({ code: 'kiteKeyRevoked' });
    expect(revoked).toEqual(['own']);
  });

  it('a permanent registration learns of revoked kite keys from a Kontrol that reports them', async () => {
    const { registering, revoked, kontrol } = atKontrol();
    let notify: (keys: unknown, ids: unknown) => void = () => {};
    kontrol
      .handle<[typeof notify]>('watchKeys', ({ args: [callback] }) => {
        notify = callback;
        return { revokedKeys: [], revokedKiteKeys: ['one', 2] };
      })
      .disableAuthentication();
    await registering();
    await settled();
    notify([], ['two']);
    await settled();
    expect(revoked).toEqual(['one', 'two']);
  });

  it('a permanent registration is made again at half of the lifetime of the kite key, and until Kontrol renews it', async () => {
    const { registering, attempts, pass, delays } = withKey(expiring);
    await registering();
    await settled();
    for (let day = 1; day < 45; day++) await pass(DAY);
    expect(attempts()).toBe(1);
    await pass(DAY);
    expect(attempts()).toBe(2);
    // A quarter of the rest each time, and once a minute after the key has expired.
    for (let day = 45; day < 91; day++) await pass(DAY);
    expect(attempts()).toBeGreaterThan(5);
    expect(Math.max(...delays)).toBe(45 * DAY);
    const before = attempts();
    for (let second = 0; second < 60; second++) await pass(1000);
    expect(attempts()).toBe(before + 1);
  });

  it('a registration that was made once is renewed again after Kontrol could not renew the kite key', async () => {
    const { member, attempts, pass, logged } = withKey(expiring, url, storeDown, storeDown);
    await member.register({ url });
    for (let day = 0; day < 45; day++) await pass(DAY);
    expect(attempts()).toBe(2);
    expect(logged).toEqual([expect.stringMatching(/^warn: Cannot renew the kite key: .*the store is down/)]);
    // A quarter of the rest later, twice.
    for (let day = 0; day < 20; day++) await pass(DAY);
    expect(attempts()).toBe(4);
    // Until the end, and after it once a minute.
    for (let day = 0; day < 25; day++) await pass(DAY);
    const before = attempts();
    for (let minute = 0; minute < 10; minute++) await pass(60_000);
    expect(attempts()).toBe(before + 10);
  });

  it('a registration that was made once is not renewed after its connection has ended', async () => {
    const { member, attempts, pass, ends } = withKey(expiring);
    await member.register({ url });
    ends[0]?.far.close();
    await settled();
    for (let day = 0; day < 90; day++) await pass(DAY);
    expect(attempts()).toBe(1);
  });

  it('a registration over HTTP renews the kite key when it is due, also after a request that failed', async () => {
    const { member, requests, http, pass } = withKey(expiring);
    await member.registerHttp({ url });
    const registers = (): number => requests.filter((path) => path === '/register').length;
    for (let day = 0; day < 44; day++) await pass(DAY);
    expect(registers()).toBe(1);
    http.registers = false;
    await pass(DAY);
    const failed = registers();
    expect(failed).toBeGreaterThan(1);
    http.registers = true;
    await pass(10_000);
    expect(registers()).toBe(failed + 1);
    // Kontrol did not renew the key: again after a quarter of the rest.
    for (let day = 0; day < 12; day++) await pass(DAY);
    expect(registers()).toBe(failed + 2);
  });

  it('a permanent registration logs once why no Kontrol is reachable', async () => {
    const { registering, state, pass, logged, member } = atKontrol();
    state.reachable = false;
    const registration = registering();
    await settled();
    for (let i = 0; i < 5; i++) await pass(10_000);
    expect(logged).toEqual([expect.stringMatching(/^warn: .*nobody is there/)]);
    state.reachable = true;
    await pass(10_000);
    await registration;
    member.close();
  });
});
