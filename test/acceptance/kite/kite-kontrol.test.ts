import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite, type KiteEvent, type KiteOptions } from '../../../src/lib/index.js';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };

async function makeKite(kontrol: Kontrol, options: KiteOptions = {}): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey('bob'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

async function listening(kontrol: Kontrol, options: KiteOptions = {}): Promise<Kite> {
  const kite = await makeKite(kontrol, options);
  await kite.listen();
  return kite;
}

/** Collects the events of a watch in order. */
function collectEvents() {
  const events: string[] = [];
  let wake = (): void => {};
  const listener = ({ action, kite }: KiteEvent): void => {
    events.push(`${action} ${kite.kite.id}`);
    wake();
  };
  const until = async (count: number): Promise<string[]> => {
    while (events.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return events;
  };
  return { listener, until };
}

describe('a kite that registers', () => {
  it('a registered kite is found, called with the token of the query, and deregistered when it closes', async () => {
    const { kontrol } = await startKontrol();
    const math = await listening(kontrol);
    const urls: string[] = [];
    math.on('register', (url) => urls.push(url));
    expect(await math.register()).toEqual({ url: math.url });
    expect(urls).toEqual([math.url]);
    const caller = await makeKite(kontrol);
    const [found, ...others] = await caller.getKites(query);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ url: math.url, kite: { id: math.identity.id, username: 'bob' } });
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
    const { listener, until } = collectEvents();
    await caller.watchKites(query, listener);
    await math.close();
    expect(await until(1)).toEqual([`DEREGISTER ${math.identity.id}`]);
    expect(await caller.getKites(query)).toEqual([]);
  });

  it('a kite gets tokens, the public key, and Kontrol’s errors unchanged', async () => {
    const { kontrol } = await startKontrol();
    const math = await listening(kontrol);
    await math.register();
    expect(await math.getToken(query)).toMatch(/^ey/);
    expect(await math.getToken(math.identity)).toMatch(/^ey/);
    expect(await math.getKey()).toContain('PUBLIC KEY');
    await expect(math.getToken({ ...query, name: 'nosuch' })).rejects.toThrow('no kites found');
    await expect(math.getKites({ environment: 'prod' })).rejects.toThrow('Empty username field');
  });

  it('a kite without a key of this Kontrol is rejected with the reason', async () => {
    const { kontrol } = await startKontrol();
    const stranger = await listening(kontrol, { kiteKey: false });
    await expect(stranger.register()).rejects.toMatchObject({ type: 'authenticationError' });
    const lost = await listening(kontrol, { kiteKey: false, kontrolUrl: undefined });
    await expect(lost.register()).rejects.toMatchObject({ code: 'noKontrol' });
    await expect((await makeKite(kontrol)).register()).rejects.toMatchObject({ code: 'noUrl' });
  });

  it('a kite selects the kites of a query with kite.who, only if the program defines it', async () => {
    const { kontrol } = await startKontrol();
    const math = await listening(kontrol);
    await math.register();
    const caller = await makeKite(kontrol);
    await expect(caller.getKites(query, { who: 'me' })).rejects.toMatchObject({ type: 'methodNotFound' });
    math.handle('kite.who', ({ args: [who] }) => ({ query: { ...math.identity, id: who } }));
    const [chosen] = await caller.getKites(query, { who: math.identity.id });
    expect(chosen?.kite.id).toBe(math.identity.id);
  });

  it('a kite uses and stores the new kite key that it gets after Kontrol rotated its keys', async () => {
    const { kontrol } = await startKontrol();
    const saved: string[] = [];
    const math = await listening(kontrol, { saveKiteKey: (jwt) => void saved.push(jwt) });
    const caller = await makeKite(kontrol);
    await math.register();
    const [before] = await caller.getKites(query);
    const old = before?.client();
    await kontrol.rotate();
    await math.register();
    expect(saved).toHaveLength(1);
    expect(parseKiteKey(saved[0] ?? '').kontrolKey).toBe(await math.getKey());
    await old?.dial();
    expect(await old?.tell('square', 3)).toBe(9);
    const [after] = await caller.getKites(query);
    const client = after?.client();
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
  });
});

describe('a kite that is notified of a revoked key pair', () => {
  /** A kite of bob, a function whether it accepts this kite key, and the key of Kontrol's first pair. */
  async function kiteWithOldKey(register: 'registerForever' | 'registerHttp' | 'register') {
    const clock = new ManualClock();
    const { kontrol } = await startKontrol({ clock });
    const old = await kontrol.newKiteKey('bob');
    const math = await listening(kontrol, { clock });
    await math[register]();
    const caller = await makeKite(kontrol);
    // A connection for each call, because those that used a revoked key pair end.
    const trusted = async (): Promise<string> => {
      const client = caller.newClient(math.url ?? '', { auth: { type: 'kiteKey', key: old } });
      await client.dial();
      const called = await client.tell('square', 2).then(String, (error: Error) => error.message);
      client.close();
      return called;
    };
    const rotate = async (): Promise<string> => {
      const [pair] = kontrol.keyPairs();
      await kontrol.rotate();
      return pair?.id ?? '';
    };
    return { kontrol, math, trusted, rotate, clock };
  }
  const refused = 'kiteKey: it is signed by a Kontrol that this kite does not trust';

  it('a kite stops trusting a revoked key pair at once', async () => {
    const { kontrol, math, trusted, rotate } = await kiteWithOldKey('registerForever');
    const id = await rotate();
    await math.register();
    expect(await trusted()).toBe('4');
    await kontrol.revoke(id);
    await vi.waitFor(async () => expect(await trusted()).toBe(refused));
  });

  it('a kite stops trusting a revoked key pair after its next heartbeat over HTTP', async () => {
    const { kontrol, math, trusted, rotate, clock } = await kiteWithOldKey('registerHttp');
    const id = await rotate();
    const http = await math.registerHttp();
    expect(await trusted()).toBe('4');
    await kontrol.revoke(id);
    const again = new Promise((resolve) => math.once('register', resolve));
    clock.advance(10_000);
    await again;
    expect(await trusted()).toBe(refused);
    http.stop();
  });

  it('a kite trusts no caller after the key pair of its own kite key is revoked', async () => {
    const { kontrol, math, trusted } = await kiteWithOldKey('registerForever');
    const failed = new Promise<Error>((resolve) => math.once('registerFailed', resolve));
    expect(await trusted()).toBe('4');
    const gone = new Promise<void>((resolve) => kontrol.kite.once('disconnect', () => resolve()));
    await kontrol.revoke(kontrol.keyPairs()[0]?.id ?? '');
    await gone;
    await expect(math.getKey()).rejects.toMatchObject({ code: 'keyPairRevoked' });
    expect(await trusted()).toContain("revoked the key pair that signed this kite's kite key");
    expect((await failed).message).toContain('was revoked');
  });
});

describe('a kite that stays registered', () => {
  it('a kite registers with the next Kontrol when one closes, and its watches continue there', async () => {
    const storage = new FakeStorage();
    const first = await startKontrol();
    const second = await startKontrol({ storage });
    const kontrolUrl = [first.url, second.url];
    const kiteKey = await first.kontrol.newKiteKey('bob');
    const math = await listening(first.kontrol, { kontrolUrl, kiteKey });
    await math.registerForever();
    const watcher = await makeKite(first.kontrol, { kontrolUrl, kiteKey });
    const { listener, until } = collectEvents();
    const watch = await watcher.watchKites(query, listener);
    expect(watch.kites.map(({ kite }) => kite.id)).toEqual([math.identity.id]);
    const again = new Promise<string>((resolve) => math.once('register', resolve));
    await first.kontrol.close({ drainTimeout: 1 });
    expect(await again).toBe(math.url);
    expect((await watcher.getKites(query)).map(({ url }) => url)).toEqual([math.url]);
    const other = await listening(second.kontrol, { kontrolUrl: second.url, kiteKey });
    await other.register();
    const events = await until(1);
    while (!events.includes(`REGISTER ${other.identity.id}`)) await until(events.length + 1);
    watch.cancel();
  });

  it('a kite rejects pending registrations at once when it closes, with or without running calls', async () => {
    const { kontrol } = await startKontrol();
    const math = await listening(kontrol);
    const caller = await makeKite(kontrol);
    await kontrol.close({ drainTimeout: 1 });
    let finish = (): void => {};
    const running = new Promise<void>((resolve) => {
      math.handle('wait', () => {
        resolve();
        return new Promise<null>((done) => (finish = () => done(null)));
      });
    });
    const client = caller.newClient(math.url ?? '', {
      auth: { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
    });
    await client.dial();
    const call = client.tell('wait');
    await running;
    const registrations = [math.registerForever(), math.registerHttp()];
    const closed = math.close({ drainTimeout: 60_000 });
    for (const registration of registrations)
      await expect(registration).rejects.toMatchObject({ type: 'disconnect', code: 'closed' });
    finish();
    expect(await call).toBeNull();
    await closed;
  });

  it('a kite that registers over HTTP is found at Kontrol', async () => {
    const { kontrol } = await startKontrol();
    const math = await listening(kontrol);
    const registration = await math.registerHttp();
    expect(registration.url).toBe(math.url);
    expect((await math.getKites(query)).map(({ url }) => url)).toEqual([math.url]);
    registration.stop();
  });
});
