import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Kontrol, KontrolOptions } from '../../../src/lib/kontrol.js';
import { etcdInstalled, skipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const etcd = useEtcd();

interface Node {
  readonly kontrol: Kontrol;
  /** Registers a kite of alice's over HTTP, and resolves with the status and body of the answer. */
  readonly register: (id: string) => Promise<[number, { err?: string }]>;
  readonly beat: (id: string) => Promise<string>;
  readonly ready: () => Promise<number>;
  /** Whether this node finds the kite. */
  readonly finds: (id: string) => Promise<boolean>;
}

async function node(options: Partial<KontrolOptions> = {}): Promise<Node> {
  // The nodes share the pairs of the store.
  const storage = etcd.make();
  const { kontrol, origin } = await startKontrol({ storage, keyPair: undefined, ...options });
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('alice') };
  const alice = await connect(kontrol, 'alice');
  return {
    kontrol,
    register: async (id) => {
      const body = { url: `http://127.0.0.1:3636/${id}`, kite: testIdentity({ id }), auth };
      const response = await fetch(`${origin}/register`, { method: 'POST', body: JSON.stringify(body) });
      return [response.status, (await response.json()) as { err?: string }];
    },
    beat: async (id) => (await fetch(`${origin}/heartbeat?id=${id}`)).text(),
    ready: async () => (await fetch(`${origin}/readyz`)).status,
    finds: async (id) =>
      alice.tell('getKites', { query: { id } }).then(
        () => true,
        () => false,
      ),
  };
}

/** Returns the milliseconds until the lease of a kite expires in the store. */
async function leaseReader(clock: ManualClock): Promise<(id: string) => Promise<number>> {
  const storage = etcd.make();
  await storage.open();
  onTestFinished(() => storage.close());
  return async (id) => {
    const stored = (await storage.registrations()).find(({ kite }) => kite.id === id);
    return (stored?.expiresAt ?? 0) - clock.now();
  };
}

describe.skipIf(!etcdInstalled)(`Kontrols on etcd${skipped}`, () => {
  it('Kontrols on etcd keep a kite registered by heartbeats at either, and remove it when they stop', async () => {
    const clock = new ManualClock(Date.now());
    const [a, b] = [await node({ clock }), await node({ clock })];
    const left = await leaseReader(clock);
    const [beating, silent] = [randomUUID(), randomUUID()];
    for (const id of [beating, silent]) expect((await a.register(id))[0]).toBe(200);
    await expect.poll(() => b.finds(silent)).toBe(true);
    for (let passed = 0; passed < 300_000; passed += 10_000) {
      clock.advance(10_000);
      expect(await a.beat(beating)).toBe('pong');
      await expect.poll(() => left(beating)).toBeGreaterThanOrEqual(30_000);
      expect(await b.finds(beating)).toBe(true);
      if (passed === 50_000) await expect.poll(() => b.finds(silent)).toBe(false);
    }
    clock.advance(40_000);
    await expect.poll(() => b.finds(beating)).toBe(false);
    expect(await left(beating)).toBeLessThan(0);
  });

  it('Kontrols on etcd find the kites of a closed one until a minute after their leases end', async () => {
    const clock = new ManualClock(Date.now());
    const first = await node({ clock });
    const id = randomUUID();
    expect((await first.register(id))[0]).toBe(200);
    const pair = first.kontrol.status().keyId;
    await first.kontrol.close();
    clock.advance(85_000);
    const second = await node({ clock });
    expect(second.kontrol.status().keyId).toBe(pair);
    expect(await second.finds(id)).toBe(true);
    expect(await second.beat(id)).toBe('registeragain');
    clock.advance(64_000);
    expect(await second.finds(id)).toBe(true);
    clock.advance(3000);
    expect(await second.finds(id)).toBe(false);
  });

  it('Kontrols on etcd answer queries while etcd is down, reject registrations with the reason, and recover', async () => {
    const [a, b] = [await node(), await node()];
    const id = randomUUID();
    expect((await a.register(id))[0]).toBe(200);
    await expect.poll(() => b.finds(id)).toBe(true);
    await etcd.server.kill();
    expect(await a.register(randomUUID())).toEqual([
      500,
      { err: expect.stringContaining("Kontrol's store cannot be reached") as string },
    ]);
    expect([await a.ready(), await b.ready()]).toEqual([503, 503]);
    expect([await a.finds(id), await b.finds(id)]).toEqual([true, true]);
    expect(await a.beat(id)).toBe('pong');
    await etcd.server.start();
    const readiness = () => Promise.all([a.ready(), b.ready()]);
    await expect.poll(readiness, { timeout: 10_000 }).toEqual([200, 200]);
    const late = randomUUID();
    expect((await b.register(late))[0]).toBe(200);
    await expect.poll(() => a.finds(late)).toBe(true);
  });
});
