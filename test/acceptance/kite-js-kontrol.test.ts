import kitejs from 'kite.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../src/lib/index.js';
import type { Kontrol } from '../../src/lib/kontrol/index.js';
import { silentLogger } from '../../src/lib/util/logger.js';
import { startKontrol } from '../helpers/kontrol.js';

const query = { username: 'bob', environment: 'prod', name: 'math' };

async function mathKite(kontrol: Kontrol): Promise<Kite> {
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: await kontrol.newKiteKey('bob'),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    env: {},
    logger: silentLogger,
  });
  kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  await kite.listen();
  await kite.register();
  return kite;
}

/** The Kontrol client of kite.js, for bob. */
async function connected(kontrol: Kontrol) {
  const client = new kitejs.Kontrol({
    url: kontrol.kite.url ?? '',
    auth: { type: 'kiteKey', key: await kontrol.newKiteKey('bob') },
    username: 'bob',
    transportClass: kitejs.Kite.transport.SockJS,
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

async function square(kite: InstanceType<typeof kitejs.Kite>, n: number): Promise<unknown> {
  const open = new Promise<void>((resolve) => kite.on('open', () => resolve()));
  kite.connect();
  onTestFinished(() => kite.disconnect());
  await open;
  // Kites that its Kontrol client makes answer to a callback, not with a promise.
  return new Promise((resolve, reject) => {
    void kite.tell('square', [n], (error: unknown, result: unknown) =>
      error ? reject(error) : resolve(result),
    );
  });
}

describe('the Kontrol client of kite.js', () => {
  it('fetches kites, and calls them with the tokens that came with them', async () => {
    const { kontrol } = await startKontrol();
    await mathKite(kontrol);
    const client = await connected(kontrol);
    const kites = await client.fetchKites({ query });
    expect(kites).toHaveLength(1);
    const kite = await client.fetchKite({ query });
    expect(await square(kite, 4)).toBe(16);
    // At an empty list its fetchKite would throw past its caller: the error that it wants to make is broken.
    const nosuch = { query: { ...query, name: 'nosuch' } };
    await expect(client.fetchKite(nosuch)).rejects.toThrow('no kites found');
    await expect(client.fetchKites(nosuch)).rejects.toThrow('no kites found');
  });

  it('hears of kites that come and go, until it cancels', async () => {
    const { kontrol } = await startKontrol();
    const client = await connected(kontrol);
    const { changes, watcherID } = await client.watchKites({ query });
    const come = new Promise((resolve) => changes.once('register', resolve));
    const gone = new Promise((resolve) => changes.once('deregister', resolve));
    const math = await mathKite(kontrol);
    expect(await square((await come) as InstanceType<typeof kitejs.Kite>, 5)).toBe(25);
    await math.close({ drainTimeout: 100 });
    await gone;
    await client.cancelWatcher(watcherID);
    await expect(client.cancelWatcher(watcherID)).rejects.toThrow('no watcher');
  });

  it('renews a token that has expired', async () => {
    const { kontrol } = await startKontrol();
    await mathKite(kontrol);
    const client = await connected(kontrol);
    const kite = await client.fetchKite({ query });
    const renewed = new Promise<unknown>((resolve) => {
      const setToken = kite.setToken.bind(kite);
      kite.setToken = (token: string) => {
        resolve(token);
        return setToken(token);
      };
    });
    kite.emit('tokenExpired');
    expect(await renewed).toMatch(/^ey/);
    expect(await square(kite, 6)).toBe(36);
  });
});
