import os from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteEvent, type KiteOptions } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };
const HOUR = 3_600_000;

async function makeKite(kontrol: Kontrol, options: KiteOptions): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey('bob'),
    environment: 'prod',
    env: {},
    logger: silentLogger,
    ...options,
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return kite;
}

async function listening(kontrol: Kontrol, options: KiteOptions): Promise<Kite> {
  const kite = await makeKite(kontrol, options);
  await kite.listen();
  return kite;
}

/** Two Kontrols on one store, and the variable that lists both. */
async function twoKontrols(clock: ManualClock) {
  const storage = new FakeStorage();
  const [one, two] = [await startKontrol({ storage, clock }), await startKontrol({ storage, clock })];
  return { one, two, env: { KITE_KONTROL_URL: `${one.url}, ${two.url}` } };
}

describe('a kite with several Kontrols in KITE_KONTROL_URL', () => {
  it('a kite registers with the second Kontrol in KITE_KONTROL_URL if the first is unreachable', async () => {
    const { one, two, env } = await twoKontrols(new ManualClock());
    await one.kontrol.close({ drainTimeout: 1 });
    for (const way of ['register', 'registerForever', 'registerHttp'] as const) {
      const clock = new ManualClock();
      const math = await listening(two.kontrol, { env, clock });
      const registering = math[way]();
      // Over HTTP the next one is tried after a delay.
      if (way === 'registerHttp') {
        await new Promise((resolve) => math.once('registerFailed', resolve));
        clock.advance(1000);
      }
      expect((await registering).url).toBe(math.url);
      expect((await math.getKites(query)).map(({ kite }) => kite.id)).toContain(math.identity.id);
    }
  });

  it('a kite queries kites, gets tokens and renews tokens at the second Kontrol after the first closed', async () => {
    const clock = new ManualClock();
    const { one, two, env } = await twoKontrols(clock);
    const math = await listening(two.kontrol, { kontrolUrl: two.url, clock });
    await math.registerForever();
    const caller = await makeKite(one.kontrol, { env, clock });
    const [found] = await caller.getKites(query);
    const client = found?.client();
    if (!client) throw new Error('The kite was not found');
    await client.dial();
    const before = client.auth?.key;
    await one.kontrol.close({ drainTimeout: 1 });
    expect((await caller.getKites(query)).map(({ url }) => url)).toEqual([math.url]);
    expect(await caller.getToken(query)).toMatch(/^ey/);
    expect(await caller.getKey()).toContain('PUBLIC KEY');
    clock.leap(49 * HOUR);
    expect(await client.tell('square', 7)).toBe(49);
    expect(client.auth?.key).not.toBe(before);
  });

  it('a watch reports exactly the kites that registered and deregistered while it was disconnected', async () => {
    const { one, two, env } = await twoKontrols(new ManualClock());
    const own = { kontrolUrl: two.url };
    const [stays, goes, comes] = [
      await listening(two.kontrol, own),
      await listening(two.kontrol, own),
      await listening(two.kontrol, own),
    ];
    await stays.register();
    await goes.register();
    const clock = new ManualClock();
    const watcher = await makeKite(one.kontrol, { env, clock });
    const events: string[] = [];
    let wake = (): void => {};
    const watch = await watcher.watchKites(query, ({ action, kite }: KiteEvent) => {
      events.push(`${action} ${kite.kite.id}`);
      wake();
    });
    expect(new Set(watch.kites.map(({ url }) => url))).toEqual(new Set([stays.url, goes.url]));
    // Its clock does not advance, so that it does not reconnect yet.
    await one.kontrol.close({ drainTimeout: 1 });
    await goes.close();
    await comes.register();
    expect(events).toEqual([]);
    const notified = new Promise<void>((resolve) => (wake = () => events.length === 2 && resolve()));
    clock.advance(1000);
    await notified;
    expect(events).toEqual([`DEREGISTER ${goes.identity.id}`, `REGISTER ${comes.identity.id}`]);
    expect(new Set(watch.kites.map(({ url }) => url))).toEqual(new Set([stays.url, comes.url]));
    // It continues at the second.
    const more = new Promise<void>((resolve) => (wake = () => events.length === 3 && resolve()));
    await stays.close();
    await more;
    expect(events[2]).toBe(`DEREGISTER ${stays.identity.id}`);
    watch.cancel();
  });
});

describe('the registration of a kite', () => {
  it('a kite that listens on every address registers the one from which it reaches Kontrol', async () => {
    const addresses = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []);
    const own =
      addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
    const { kontrol, url } = await startKontrol({ ip: '0.0.0.0' });
    const kontrolUrl = url.replace('127.0.0.1', own);
    const math = await listening(kontrol, { ip: '0.0.0.0', kontrolUrl });
    expect(await math.register()).toEqual({ url: `http://${own}:${math.port}/kite` });
    const [found] = await math.getKites(query);
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('square', 3)).toBe(9);
  });

  it('a kite registered over HTTP is deregistered when its heartbeats are lost, and registered when they resume', async () => {
    const clock = new ManualClock();
    const { kontrol, url } = await startKontrol({ clock });
    const own = new ManualClock();
    const math = await listening(kontrol, { clock: own, kontrolUrl: url });
    const registration = await math.registerHttp();
    const ids = async (): Promise<string[]> => (await math.getKites(query)).map(({ kite }) => kite.id);
    clock.advance(29_999);
    expect(await ids()).toEqual([math.identity.id]);
    clock.advance(1);
    expect(await ids()).toEqual([]);
    const again = new Promise((resolve) => math.once('register', resolve));
    own.advance(10_000);
    await again;
    expect(await ids()).toEqual([math.identity.id]);
    registration.stop();
  });
});
