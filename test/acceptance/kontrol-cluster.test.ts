import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteEvent, type KiteOptions } from '../../src/lib/index.js';
import { Kontrol } from '../../src/lib/kontrol/index.js';
import { openStorage } from '../../src/lib/kontrol/storage/index.js';
import { systemClock } from '../../src/lib/util/clock.js';
import { silentLogger } from '../../src/lib/util/logger.js';
import { EtcdServer, etcdInstalled, skipped } from '../helpers/etcd-server.js';
import { freePort } from '../helpers/free-port.js';
import { Cli, type Running } from './cli-harness.js';

const KITES = 1000;
const SECRET = 'a secret of both';
const WITHIN_A_SECOND = { timeout: 1000, interval: 10 };

/** Three members of etcd, and two Kontrols on them: `a` is a process of its own, `b` is in this one. */
interface Cluster {
  readonly etcd: EtcdServer;
  readonly cli: Cli;
  readonly process: Running;
  readonly a: string;
  readonly b: string;
  readonly kontrol: Kontrol;
  readonly kiteKey: string;
}

async function startCluster(): Promise<Cluster> {
  const [etcd, cli] = await Promise.all([EtcdServer.start({ members: 3 }), Cli.create()]);
  const port = String(await freePort());
  const process = cli.start(['kontrol', 'start', '--port', port, '-machines', etcd.urls.join(',')], {
    env: { KONTROL_STORAGE: 'etcd', KONTROL_SECRET: SECRET },
  });
  await process.until(({ stderr }) => stderr.includes('Kontrol listens at'));
  const storage = openStorage(
    { kind: 'etcd', machines: etcd.urls, secret: SECRET },
    { clock: systemClock, logger: silentLogger },
  );
  const kontrol = new Kontrol({ storage, port: 0, env: {}, logger: silentLogger });
  await kontrol.listen();
  const kiteKey = await kontrol.newKiteKey('bob');
  return { etcd, cli, process, a: `http://127.0.0.1:${port}/kite`, b: kontrol.url, kontrol, kiteKey };
}

describe.skipIf(!etcdInstalled)(`two Kontrols on an etcd of three members${skipped}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 30_000);
  afterAll(async () => {
    await cluster.kontrol.close({ drainTimeout: 100 });
    cluster.process.child.kill('SIGKILL');
    await cluster.process.outcome;
    await cluster.cli.remove();
    await cluster.etcd.remove();
  });

  /** A kite of bob's that knows these Kontrols, the first one best. */
  function kiteAt(urls: readonly string[], name: string, options: KiteOptions = {}): Kite {
    const kite = new Kite(name, '1.0.0', {
      kiteKey: cluster.kiteKey,
      environment: 'prod',
      region: 'eu',
      env: { KITE_KONTROL_URL: urls.join(',') },
      logger: silentLogger,
      ...options,
    });
    onTestFinished(() => kite.close({ drainTimeout: 100 }));
    return kite;
  }

  async function registered(urls: readonly string[], name: string): Promise<Kite> {
    const kite = kiteAt(urls, name, { port: 0 });
    kite.handle<[number], number>('square', ({ args: [n] }) => n * n);
    await kite.listen();
    await kite.register();
    return kite;
  }

  const of = (name: string) => ({ username: 'bob', environment: 'prod', name });

  it('find what registers at either through the other within a second, and tell its watchers', async () => {
    for (const [here, there] of [
      [cluster.a, cluster.b],
      [cluster.b, cluster.a],
    ] as const) {
      const watcher = kiteAt([there], 'watcher');
      const events: string[] = [];
      const listener = ({ action, kite }: KiteEvent): void => void events.push(`${action} ${kite.kite.id}`);
      await watcher.watchKites(of('found'), listener);
      const kite = await registered([here], 'found');
      const { id } = kite.identity;
      const seen = async () => (await watcher.getKites(of('found'))).map((found) => found.kite.id);
      await expect.poll(seen, WITHIN_A_SECOND).toEqual([id]);
      await expect.poll(() => events, WITHIN_A_SECOND).toEqual([`REGISTER ${id}`]);
      await kite.close();
      await expect.poll(() => events, WITHIN_A_SECOND).toEqual([`REGISTER ${id}`, `DEREGISTER ${id}`]);
      expect(await seen()).toEqual([]);
    }
  });

  it('give tokens that kites of both accept', async () => {
    await Promise.all([registered([cluster.a], 'math'), registered([cluster.b], 'math')]);
    for (const url of [cluster.a, cluster.b]) {
      const caller = kiteAt([url], 'caller');
      await expect.poll(() => caller.getKites(of('math')), WITHIN_A_SECOND).toHaveLength(2);
      for (const found of await caller.getKites(of('math'))) {
        const client = found.client();
        await client.dial();
        expect(await client.tell('square', 4)).toBe(16);
      }
    }
  });

  it(`lose none of ${KITES} kites when a member of etcd is killed, and then a Kontrol`, async () => {
    const { a, b, kontrol, etcd } = cluster;
    const kites = Array.from({ length: KITES }, (_, n) => kiteAt(n % 2 === 0 ? [a, b] : [b, a], 'many'));
    await Promise.all(kites.map((kite, n) => kite.registerForever({ url: `http://127.0.0.1:1/${n}` })));
    const asker = kiteAt([b], 'asker');
    const count = async (): Promise<number> => (await asker.getKites(of('many'))).length;
    await expect.poll(count, { timeout: 5000 }).toBe(KITES);
    const atB = (): number => kontrol.status().connected;
    expect(atB()).toBe(KITES / 2);

    // Asked again and again from here on: each answer has all of them.
    const answers: number[] = [];
    const asking = new AbortController();
    const asked = (async () => {
      while (!asking.signal.aborted) answers.push(await count());
    })();
    onTestFinished(() => asking.abort());

    const late = await (async () => {
      await (await etcd.leader()).kill();
      const kite = kiteAt([a], 'late');
      await kite.registerForever({ url: 'http://127.0.0.1:1/late' });
      return kite.identity.id;
    })();
    const found = async () => (await asker.getKites(of('late'))).map(({ kite }) => kite.id);
    await expect.poll(found, { timeout: 5000 }).toEqual([late]);

    cluster.process.child.kill('SIGKILL');
    await expect.poll(atB, { timeout: 15_000 }).toBe(KITES);
    await expect.poll(() => kontrol.status().storage.online).toBe(true);
    asking.abort();
    await asked;
    expect(answers.length).toBeGreaterThan(10);
    expect(new Set(answers)).toEqual(new Set([KITES]));
  }, 60_000);
});
