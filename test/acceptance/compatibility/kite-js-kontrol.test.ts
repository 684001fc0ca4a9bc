import type { EventEmitter } from 'node:events';
import kitejs from 'kite.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import type { Clock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { startCutLink } from '../../helpers/transport/cut-link.js';

const { SockJS, WebSocket } = kitejs.Kite.transport;

const HOUR = 3_600_000;

/** The transports of kite.js, and what each appends to the URL of a kite. */
const transports = [
  ['SockJS', SockJS, ''],
  ['raw WebSocket', WebSocket, '/websocket'],
] as const;
type Way = readonly [name: string, transportClass: unknown, suffix: string];

const query = { username: 'bob', environment: 'prod', name: 'math' };

async function mathKite(kontrol: Kontrol, [, , suffix]: Way, clock?: Clock): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey('bob'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    env: {},
    logger: silentLogger,
    ...(clock && { clock }),
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  await kite.listen();
  // A raw WebSocket client uses the URL of the query unchanged.
  await kite.register({ url: suffix === '' ? (kite.url ?? '') : webSocketUrl(kite.url, suffix) });
  return kite;
}

function webSocketUrl(url: string | undefined, suffix: string): string {
  return `${url?.replace('http', 'ws')}${suffix}`;
}

/** The Kontrol client of kite.js, for bob. */
async function connected(kontrol: Kontrol, [, transportClass, suffix]: Way) {
  const { url = '' } = kontrol.kite;
  const client = new kitejs.Kontrol({
    url: suffix === '' ? url : webSocketUrl(url, suffix),
    auth: { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
    username: 'bob',
    transportClass,
    autoConnect: false,
    logLevel: 0,
  });
  client.authenticate();
  const open = new Promise<void>((resolve) => client.once('open', () => resolve()));
  client.connect();
  onTestFinished(() => client.disconnect());
  await open;
  return client;
}

function once(kite: InstanceType<typeof kitejs.Kite>, event: string): Promise<unknown[]> {
  return new Promise((resolve) => kite.on(event, (...args) => resolve(args)));
}

async function square(kite: InstanceType<typeof kitejs.Kite>, n: number): Promise<unknown> {
  const open = new Promise<void>((resolve) => kite.on('open', () => resolve()));
  kite.connect();
  onTestFinished(() => kite.disconnect());
  await open;
  return tell(kite, n);
}

function tell(kite: InstanceType<typeof kitejs.Kite>, n: number): Promise<unknown> {
  // Kites that its Kontrol client creates call back instead of returning a promise.
  return new Promise((resolve, reject) => {
    void kite.tell('square', [n], (error: unknown, result: unknown) =>
      error ? reject(error) : resolve(result),
    );
  });
}

describe.each(transports)('the Kontrol client of kite.js over %s', (...way) => {
  it('a kite.js client fetches kites from Kontrol and calls them with their tokens', async () => {
    const { kontrol } = await startKontrol();
    await mathKite(kontrol, way);
    const client = await connected(kontrol, way);
    const kites = await client.fetchKites({ query });
    expect(kites).toHaveLength(1);
    const kite = await client.fetchKite({ query });
    expect(await square(kite, 4)).toBe(16);
    // An empty list makes its fetchKite throw outside its promise, because it creates its error incorrectly.
    const nosuch = { query: { ...query, name: 'nosuch' } };
    await expect(client.fetchKite(nosuch)).rejects.toThrow('no kites found');
    await expect(client.fetchKites(nosuch)).rejects.toThrow('no kites found');
  });

  it('a kite.js client is notified of kites that register and deregister until it cancels', async () => {
    const { kontrol } = await startKontrol();
    const client = await connected(kontrol, way);
    const { changes, watcherID } = await client.watchKites({ query });
    const registered = new Promise((resolve) => changes.once('register', resolve));
    const gone = new Promise((resolve) => changes.once('deregister', resolve));
    const math = await mathKite(kontrol, way);
    expect(await square((await registered) as InstanceType<typeof kitejs.Kite>, 5)).toBe(25);
    await math.close({ drainTimeout: 100 });
    await gone;
    await client.cancelWatcher(watcherID);
    await expect(client.cancelWatcher(watcherID)).rejects.toThrow('unknown watcher id');
  });

  it('a kite.js client does not notice that a kite is silent, and fetches it after the others', async () => {
    const { kontrol } = await startKontrol({ timings: { grace: 1000 } });
    const link = await startCutLink(Number(new URL(kontrol.kite.url ?? '').port));
    const silent = new Kite('math', '1.0.0', {
      kiteKey: await kontrol.newKiteKey('bob'),
      kontrolUrl: `http://127.0.0.1:${link.port}/kite`,
      environment: 'prod',
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => silent.close());
    await mathKite(kontrol, way);
    await silent.registerForever({ url: 'http://127.0.0.1:1/kite' });
    const client = await connected(kontrol, way);
    const watch = await client.watchKites({ query });
    const changes = watch.changes as unknown as EventEmitter;
    const seen: string[] = [];
    const emit = changes.emit.bind(changes);
    // Also events that nobody listens for.
    changes.emit = (event: string | symbol, ...args: unknown[]) => {
      seen.push(String(event));
      return emit(event, ...args);
    };
    const gone = new Promise((resolve) => changes.once('deregister', resolve));
    link.block();
    await expect.poll(() => seen).toEqual(['undefined']);
    for (let queries = 0; queries < 5; queries++) {
      const kites = await client.fetchKites({ query });
      expect(kites).toHaveLength(2);
      expect(await square(kites[0] as InstanceType<typeof kitejs.Kite>, 4)).toBe(16);
    }
    link.restore();
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['undefined', 'undefined']);
    link.block();
    await gone;
    expect(seen.filter((event) => event !== 'undefined')).toEqual(['deregister']);
  });

  it('a kite.js client renews its token before it expires, and an expired token is rejected', async () => {
    // Its timer uses the system clock; Kontrol and the kite are days behind, so that every token is about to expire for it.
    const clock = new ManualClock(Date.now() - 63 * HOUR);
    const long = {
      limits: { idleTimeout: 0 },
      timings: { heartbeat: 1000 * HOUR, lease: 1000 * HOUR, probe: HOUR },
    };
    const { kontrol } = await startKontrol({ clock, ...long });
    await mathKite(kontrol, way, clock);
    const client = await connected(kontrol, way);
    const kite = await client.fetchKite({ query });
    const first = kite.getToken();
    // Its own timer requested the token.
    const [given] = await once(kite, 'tokenSet');
    expect(given).toBe(first);
    expect(await square(kite, 6)).toBe(36);
    clock.leap(49 * HOUR);
    await expect(tell(kite, 7)).rejects.toMatchObject({ message: 'token: token is expired' });
    const renewed = new Promise<unknown>((resolve) => kite.expireToken((_error, token) => resolve(token)));
    expect(await renewed).not.toBe(first);
    expect(await tell(kite, 8)).toBe(64);
  });
});
