import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteEvent, type KiteOptions } from '../../../src/lib/index.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { openStorage } from '../../../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { EtcdServer, etcdInstalled, skipped } from '../../helpers/storage/etcd-server.js';
import { freePort } from '../../helpers/process/free-port.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';

const KITES = 1000;
const SECRET = 'a secret of both';
const WITHIN_A_SECOND = { timeout: 1000, interval: 10 };

/** Three members of etcd, and two Kontrols on them: `a` is a separate process, `b` is in this one. */
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
    { type: 'etcd', machines: etcd.urls, secret: SECRET },
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

  /** A kite of bob's with these Kontrols, in order of preference. */
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

  it("two Kontrols on etcd find and watch each other's registrations within a second", async () => {
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

  it('two Kontrols on etcd issue tokens that the kites of both accept', async () => {
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

  it(`two Kontrols on etcd keep all ${KITES} kites when a member of etcd is killed, and then a Kontrol`, async () => {
    const { a, b, kontrol, etcd } = cluster;
    const kites = Array.from({ length: KITES }, (_, n) => kiteAt(n % 2 === 0 ? [a, b] : [b, a], 'many'));
    await Promise.all(kites.map((kite, n) => kite.registerForever({ url: `http://127.0.0.1:1/${n}` })));
    const asker = kiteAt([b], 'asker');
    const ids = async (name: string) => (await asker.getKites(of(name))).map(({ kite }) => kite.id);
    const answers: number[] = [];
    const countMany = async (): Promise<number> => {
      const { length } = await ids('many');
      answers.push(length);
      return length;
    };
    await expect.poll(countMany, { timeout: 5000 }).toBe(KITES);
    const atB = (): number => kontrol.status().connected;
    expect(atB()).toBe(KITES / 2);

    // From here on each answer contains all of them.
    answers.length = 0;
    await (await etcd.leader()).kill();
    const late = kiteAt([a], 'late');
    const [registration] = await Promise.all([
      late.registerForever({ url: 'http://127.0.0.1:1' }),
      countMany(),
    ]);
    const found = async () => [await countMany(), ...(await ids('late'))];
    await expect.poll(found, { timeout: 5000 }).toContain(late.identity.id);
    registration.stop();

    cluster.process.child.kill('SIGKILL');
    // Not too often: this process also runs a Kontrol and a thousand kites.
    const moved = async (): Promise<number> => Math.min(await countMany(), atB());
    await expect.poll(moved, { timeout: 40_000, interval: 200 }).toBe(KITES);
    await expect.poll(() => kontrol.status().storage.online).toBe(true);
    expect(new Set(answers)).toEqual(new Set([KITES]));
  }, 60_000);
});
