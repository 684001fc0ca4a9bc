import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Kontrol, KontrolOptions } from '../../../src/lib/kontrol.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';

const postgres = usePostgres();

interface Node {
  readonly kontrol: Kontrol;
  readonly origin: string;
  readonly ready: () => Promise<number>;
  /** Registers a kite of alice's over HTTP, and resolves with the status and body of the answer. */
  readonly register: (id: string) => Promise<[number, { err?: string }]>;
  /** The ids of alice's kites at this node. */
  readonly query: (id?: string) => Promise<ReadonlySet<string>>;
}

async function node(options: Partial<KontrolOptions> = {}): Promise<Node> {
  // The nodes share the pairs of the store.
  const { kontrol, origin } = await startKontrol({
    // With the time of a test, the store ignores that of the server. Its own timeouts are real.
    storage: postgres.make({}, options.clock && { ...systemClock }),
    keyPair: undefined,
    ...options,
  });
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('alice') };
  const alice = await connect(kontrol, 'alice');
  return {
    kontrol,
    origin,
    ready: async () => (await fetch(`${origin}/readyz`)).status,
    register: async (id) => {
      const body = { url: `http://127.0.0.1:3636/${id}`, kite: testIdentity({ id }), auth };
      const response = await fetch(`${origin}/register`, { method: 'POST', body: JSON.stringify(body) });
      return [response.status, (await response.json()) as { err?: string }];
    },
    query: async (id = '') => {
      const { kites } = await alice.tell<{ kites: { kite: { id: string } }[] }>('getKites', {
        query: id === '' ? { username: 'alice', environment: 'prod', name: 'math' } : { id },
      });
      return new Set(kites.map(({ kite }) => kite.id));
    },
  };
}

/** Calls `work` repeatedly, several times concurrently, until it is stopped. */
function underLoad(work: () => Promise<void>): () => Promise<void> {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) await work();
  };
  const running = Promise.all(Array.from({ length: 4 }, run));
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  return stop;
}

describe.skipIf(!postgresInstalled)(`two Kontrols on PostgreSQL${skipped}`, () => {
  it('two Kontrols on PostgreSQL return the same kites within a second, and share keys and invites', async () => {
    const [a, b] = [await node(), await node()];
    const id = randomUUID();
    expect((await a.register(id))[0]).toBe(200);
    await expect.poll(b.query, { timeout: 1000 }).toContain(id);
    const { id: pair } = await a.kontrol.rotate();
    await expect.poll(() => b.kontrol.status().keyId, { timeout: 1000 }).toBe(pair);
    const kite = await connect(b.kontrol, 'bob', { name: 'bobs' });
    await kite.tell('register', { url: 'http://127.0.0.1:1/kite' });
    await expect.poll(() => a.kontrol.status().kites, { timeout: 1000 }).toBe(b.kontrol.status().kites);
    expect(b.kontrol.status().storage).toEqual({ name: 'postgres', online: true });
  });

  it('two Kontrols on PostgreSQL keep a kite registered by heartbeats at either, and remove it when they stop', async () => {
    const clock = new ManualClock(Date.now());
    const [a, b] = [await node({ clock }), await node({ clock })];
    const id = randomUUID();
    expect((await a.register(id))[0]).toBe(200);
    const kites = (): number => b.kontrol.status().kites;
    // Both Kontrols are kites themselves.
    await expect.poll(kites).toBe(3);
    /** Milliseconds until the lease of the kite expires in the store. */
    const left = async (): Promise<number> => {
      const [row] = await postgres.server.sql<{ ms: number }>(
        postgres.database,
        'SELECT (extract(epoch FROM updated_at) * 1000)::float8 + 90000 AS ms FROM kite.kite WHERE id = $1',
        [id],
      );
      return (row?.ms ?? 0) - clock.now();
    };
    for (let passed = 0; passed < 300_000; passed += 10_000) {
      clock.advance(10_000);
      expect(await (await fetch(`${a.origin}/heartbeat?id=${id}`)).text()).toBe('pong');
      await expect.poll(left).toBeGreaterThanOrEqual(30_000);
      expect(kites()).toBe(3);
    }
    // In steps: after one that is longer than a node sleeps, it gives its kites time to return.
    for (let passed = 0; passed < 40_000; passed += 2000) clock.advance(2000);
    await expect.poll(kites).toBe(2);
  });

  it('two Kontrols on PostgreSQL reject a kite by name whose id is not a UUID, and stay ready', async () => {
    const a = await node();
    expect(await a.register('my-kite')).toEqual([
      400,
      { err: expect.stringContaining('The kite\'s id "my-kite" is not a UUID') as string },
    ]);
    expect(await a.ready()).toBe(200);
  });

  it('two Kontrols on PostgreSQL lose no kite when the server is killed: queries work, registrations fail, and both recover', async () => {
    const nodes = [await node(), await node()] as const;
    const readiness = () => Promise.all(nodes.map(({ ready }) => ready()));
    const acknowledged = new Set<string>();
    const refused: [number, { err?: string }][] = [];
    const registered = randomUUID();
    expect((await nodes[0].register(registered))[0]).toBe(200);
    let turn = 0;
    const unanswered: string[] = [];
    const stop = underLoad(async () => {
      const id = randomUUID();
      const node = nodes[turn++ % 2 === 0 ? 0 : 1];
      const answer = await node.register(id);
      if (answer[0] !== 200) refused.push(answer);
      else {
        acknowledged.add(id);
        if (!(await node.query(id)).has(id)) unanswered.push(id);
      }
      // Queries work, whatever happens to registrations.
      if (!(await nodes[0].query(registered)).has(registered)) unanswered.push(registered);
    });
    await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(100);
    const before = new Set(acknowledged);
    const lost = async (): Promise<string[]> => {
      const found = await nodes[0].query();
      return [...before].filter((id) => !found.has(id));
    };
    // The other node's registrations arrive a moment later.
    await expect.poll(lost, { timeout: 5000 }).toEqual([]);
    await postgres.server.kill();
    await expect.poll(readiness, { timeout: 5000 }).toEqual([503, 503]);
    await expect.poll(() => refused.length, { timeout: 5000 }).toBeGreaterThan(50);
    for (const [status, { err }] of refused) {
      expect([status, err]).toEqual([500, expect.stringContaining("Kontrol's store cannot be reached")]);
    }
    expect(await lost()).toEqual([]);
    await postgres.server.start();
    await expect.poll(readiness, { timeout: 10_000 }).toEqual([200, 200]);
    const healed = acknowledged.size;
    await expect.poll(() => acknowledged.size, { timeout: 10_000 }).toBeGreaterThan(healed + 50);
    await stop();
    expect(unanswered).toEqual([]);
    for (const { query } of nodes) {
      const missing = async (): Promise<number> => {
        const registered = await query();
        return [...acknowledged].filter((id) => !registered.has(id)).length;
      };
      await expect.poll(missing, { timeout: 5000 }).toBe(0);
    }
    const stored = await postgres.server.sql<{ id: string }>(postgres.database, 'SELECT id FROM kite.kite');
    const ids = new Set(stored.map(({ id }) => id));
    expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
  }, 40_000);
});
