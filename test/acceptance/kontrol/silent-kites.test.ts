import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteEvent } from '../../../src/lib/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { openStorage } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { root } from '../../helpers/source-files.js';
import { etcdInstalled, skipped as etcdSkipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { postgresInstalled, skipped as postgresSkipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { startCutLink } from '../../helpers/transport/cut-link.js';

const postgres = usePostgres();
const etcd = useEtcd();

const tools = { clock: systemClock, logger: silentLogger };
const query = { username: 'bob', environment: 'prod' };

interface Store {
  readonly name: string;
  readonly make: () => Storage;
  /** The number of nodes that use it. */
  readonly nodes: number;
  readonly isInstalled: boolean;
  readonly skipped: string;
}

const always = { isInstalled: true, skipped: '' };
const STORES: readonly Store[] = [
  { name: 'memory', make: () => openStorage({ type: 'memory' }, tools), nodes: 1, ...always },
  {
    name: 'file',
    make: () => openStorage({ type: 'file', folder: temporaryFolder() }, tools),
    nodes: 1,
    ...always,
  },
  {
    name: 'PostgreSQL',
    make: () => postgres.make(),
    nodes: 2,
    isInstalled: postgresInstalled,
    skipped: postgresSkipped,
  },
  { name: 'etcd', make: () => etcd.make(), nodes: 2, isInstalled: etcdInstalled, skipped: etcdSkipped },
];

/** Less than a lease, and longer than a query takes on a busy machine. */
const timings = { grace: 3000 };
const SLOW = { timeout: 60_000 };

async function startNodes({ make, nodes }: Store): Promise<readonly [Kontrol, Kontrol]> {
  const start = async (): Promise<Kontrol> =>
    (await startKontrol({ storage: make(), keyPair: undefined, timings })).kontrol;
  const first = await start();
  return [first, nodes === 1 ? first : await start()];
}

/** Starts a kite in a process of its own. Resolves when it has registered. */
async function startProgram(kontrol: Kontrol, name: string, port?: number): Promise<ChildProcess> {
  const program = join(root, 'test', 'helpers', 'kite', 'registered-kite.mjs');
  const url = new URL(kontrol.kite.url ?? '');
  if (port !== undefined) url.port = String(port);
  const args = [program, url.href, await kontrol.newKiteKey('bob'), name];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => end(child, 'SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** A program that watches the kites of bob, and the changes that it has got since there were `count` kites, such as `SILENT math`. */
async function watching(kontrol: Kontrol, count = 0) {
  const kite = new Kite('watching', '1.0.0', {
    kiteKey: await kontrol.newKiteKey('bob'),
    kontrolUrl: kontrol.kite.url ?? '',
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close());
  const events: string[] = [];
  let changed = (): void => {};
  const watch = await kite.watchKites(query, ({ action, kite: { kite: found } }: KiteEvent) => {
    events.push(`${action} ${found.name}`);
    changed();
  });
  // A node is notified of the registrations at another one.
  while (watch.kites.length < count) await new Promise<void>((resolve) => (changed = resolve));
  events.length = 0;
  /** Resolves when there are so many changes, and returns them. */
  const until = async (count: number): Promise<readonly string[]> => {
    while (events.length < count) await new Promise<void>((resolve) => (changed = resolve));
    return events;
  };
  /** The names of the kites, and those of the silent ones, in the order in which Kontrol lists them. */
  const list = async () => {
    const kites = await kite.getKites(query);
    return {
      names: kites.map(({ kite: found }) => found.name),
      silent: kites.filter(({ silentSince }) => silentSince !== undefined),
    };
  };
  return { kite, watch, events, until, list };
}

describe.each(STORES)('a kite with no goodbye, on the store $name', (store) => {
  it.skipIf(!store.isInstalled)(
    `a kite that ends by SIGKILL is silent at each node at once, and listed last, until it is removed after the grace${store.skipped}`,
    SLOW,
    async () => {
      const [here, there] = await startNodes(store);
      const before = Date.now();
      const child = await startProgram(here, 'math');
      await Promise.all(['one', 'two'].map((name) => startProgram(here, name)));
      const { until, list, watch } = await watching(there, 3);
      const killedAt = performance.now();
      await end(child, 'SIGKILL');
      expect(await until(1)).toEqual(['SILENT math']);
      const silentAfter = performance.now() - killedAt;
      const [silent] = watch.kites.filter(({ silentSince }) => silentSince !== undefined);
      expect(silent?.kite.name).toBe('math');
      expect(silent?.silentSince).toBeGreaterThan(before);
      expect(silent?.token).not.toBe('');
      for (let queries = 0; queries < 10; queries++) {
        const { names, silent: listed } = await list();
        expect(names.at(-1)).toBe('math');
        expect(listed.map(({ silentSince }) => silentSince)).toEqual([silent?.silentSince]);
      }
      expect(await until(2)).toEqual(['SILENT math', 'DEREGISTER math']);
      const goneAfter = performance.now() - killedAt;
      expect((await list()).names.toSorted()).toEqual(['one', 'two']);
      console.log(
        `${store.name}: silent after ${silentAfter.toFixed()} ms, gone after ${goneAfter.toFixed()} ms`,
      );
      expect(goneAfter).toBeGreaterThan(timings.grace - 1000);
    },
  );

  it.skipIf(!store.isInstalled)(
    `a kite whose link is cut is silent at each node until it has registered again, and is never removed${store.skipped}`,
    SLOW,
    async () => {
      const [here, there] = await startNodes(store);
      const link = await startCutLink(Number(new URL(here.kite.url ?? '').port));
      await startProgram(here, 'math', link.port);
      const { until, list, watch } = await watching(there, 1);
      link.block();
      expect(await until(1)).toEqual(['SILENT math']);
      link.restore();
      expect(await until(2)).toEqual(['SILENT math', 'REGISTER math']);
      expect(await list()).toEqual({ names: ['math'], silent: [] });
      expect(watch.kites.map(({ silentSince }) => silentSince)).toEqual([undefined]);
    },
  );
});

describe('what does not make a kite silent', () => {
  it(
    'a kite that ends by SIGTERM or closes its connection is removed at once, and is not silent',
    SLOW,
    async () => {
      const [kontrol] = await startNodes(STORES[0] as Store);
      const child = await startProgram(kontrol, 'math');
      const { until } = await watching(kontrol);
      await end(child, 'SIGTERM');
      expect(await until(1)).toEqual(['DEREGISTER math']);
      const bob = await connect(kontrol, 'bob', { name: 'closed' });
      await bob.tell('register', { url: 'http://127.0.0.1:3636/kite' });
      bob.close();
      expect(await until(3)).toEqual(['DEREGISTER math', 'REGISTER closed', 'DEREGISTER closed']);
    },
  );

  it('a Kontrol that closes marks no kite, and its kites return when it starts again', SLOW, async () => {
    const folder = temporaryFolder();
    const file = (): Storage => openStorage({ type: 'file', folder }, tools);
    const first = (await startKontrol({ storage: file(), timings })).kontrol;
    const port = Number(new URL(first.kite.url ?? '').port);
    await startProgram(first, 'math');
    await first.close({ drainTimeout: 10 });
    const storage = file();
    await storage.open();
    const stored = (await storage.registrations()).filter(({ kite }) => kite.name === 'math');
    await storage.close();
    expect(stored.map(({ silentSince }) => silentSince)).toEqual([undefined]);
    const second = (await startKontrol({ storage: file(), port, keyPair: undefined, timings })).kontrol;
    const { list } = await watching(second);
    expect(await list()).toEqual({ names: ['math'], silent: [] });
  });

  it('a kite that is registered over HTTP is not silent, whatever its connections do', async () => {
    const { kontrol, origin } = await startKontrol({ timings });
    const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('bob') };
    const kite = testIdentity({ username: 'bob', id: 'f7cd2e55-7e11-4a5f-9f0e-5a4a5b1d3c11' });
    const body = JSON.stringify({ url: 'http://127.0.0.1:3636/kite', kite, auth });
    const headers = { connection: 'close' };
    expect((await fetch(`${origin}/register`, { method: 'POST', body, headers })).status).toBe(200);
    const link = await startCutLink(Number(new URL(origin).port));
    const abandoned = fetch(`http://127.0.0.1:${link.port}/heartbeat?id=${kite.id}`).catch(() => undefined);
    link.cut();
    await abandoned;
    const { list } = await watching(kontrol);
    expect(await list()).toEqual({ names: ['math'], silent: [] });
  });
});

describe('a Kontrol that loses the connections of its kites', () => {
  it('kites whose balancer restarts are silent, and all of them are registered again', SLOW, async () => {
    const { kontrol } = await startKontrol({ timings });
    const link = await startCutLink(Number(new URL(kontrol.kite.url ?? '').port));
    const kiteKey = await kontrol.newKiteKey('bob');
    const names = Array.from({ length: 40 }, (_, n) => `kite-${n}`);
    const kites = names.map(
      (name) =>
        new Kite(name, '1.0.0', {
          kiteKey,
          environment: 'prod',
          kontrolUrl: `http://127.0.0.1:${link.port}/kite`,
          env: {},
          logger: silentLogger,
        }),
    );
    onTestFinished(async () => void (await Promise.all(kites.map((kite) => kite.close()))));
    await Promise.all(
      kites.map((kite, n) => kite.registerForever({ url: `http://127.0.0.1:${10_000 + n}/kite` })),
    );
    const { until, list } = await watching(kontrol);
    link.block();
    const silent = await until(names.length);
    expect(silent.toSorted()).toEqual(names.map((name) => `SILENT ${name}`).toSorted());
    expect((await list()).silent).toHaveLength(names.length);
    const metrics = await (await fetch(new URL('/metrics', kontrol.kite.url))).text();
    expect(metrics).toMatch(/^kontrol_silent_kites 40$/m);
    expect(metrics).toMatch(/^kontrol_kites_lost_total 40$/m);
    link.restore();
    const all = await until(2 * names.length);
    expect(all.slice(names.length).toSorted()).toEqual(names.map((name) => `REGISTER ${name}`).toSorted());
    expect((await list()).silent).toEqual([]);
    expect(await (await fetch(new URL('/metrics', kontrol.kite.url))).text()).toMatch(
      /^kontrol_kites_returned_total 40$/m,
    );
  });

  it(
    'a kite whose connection drops again and again causes few changes for those who watch it',
    SLOW,
    async () => {
      const { kontrol } = await startKontrol({ timings });
      const link = await startCutLink(Number(new URL(kontrol.kite.url ?? '').port));
      const kite = new Kite('math', '1.0.0', {
        kiteKey: await kontrol.newKiteKey('bob'),
        environment: 'prod',
        kontrolUrl: `http://127.0.0.1:${link.port}/kite`,
        env: {},
        logger: silentLogger,
      });
      onTestFinished(() => kite.close());
      const { events, list } = await watching(kontrol);
      let registered = (): void => {};
      kite.on('register', () => registered());
      const next = (): Promise<void> => new Promise((resolve) => (registered = resolve));
      const first = next();
      await kite.registerForever({ url: 'http://127.0.0.1:3636/kite' });
      await first;
      for (let drops = 0; drops < 10; drops++) {
        const again = next();
        link.cut();
        await again;
      }
      expect(await list()).toMatchObject({ names: ['math'] });
      console.log(`10 drops: ${events.join(', ')}`);
      expect(events[0]).toBe('REGISTER math');
      expect(events.length).toBeLessThanOrEqual(5);
    },
  );
});
