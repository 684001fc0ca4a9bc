import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { balancersInstalled, deployed, startHaproxy } from '../../helpers/balancers/balancer.js';
import { PostgresServer, postgresInstalled } from '../../helpers/storage/postgres-server.js';
import { PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const installed = postgresInstalled && balancersInstalled;
const skipped = installed ? '' : ' (skipped: there is no PostgreSQL or HAProxy here)';

interface Pair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  readonly database: string;
}

/** A primary whose changes are acknowledged once the standby has them. */
async function startPair(): Promise<Pair> {
  const primary = await PostgresServer.start();
  onTestFinished(() => primary.remove());
  const database = await primary.newDatabase();
  const standby = await PostgresServer.startStandby(primary);
  onTestFinished(() => standby.remove());
  await primary.configure({ synchronous_standby_names: '*' });
  return { primary, standby, database };
}

async function promote(standby: PostgresServer): Promise<void> {
  await standby.sql('postgres', 'SELECT pg_promote()');
}

async function isPrimary(server: PostgresServer): Promise<boolean> {
  try {
    const [row] = await server.sql<{ readOnly: string }>(
      'postgres',
      `SELECT current_setting('transaction_read_only') AS "readOnly"`,
    );
    return row?.readOnly === 'off';
  } catch {
    return false;
  }
}

/** The agent on the machine of a server that tells HAProxy whether it is the primary. Returns its port. */
async function startAgent(server: PostgresServer): Promise<number> {
  const agent = http.createServer((_request, response) => {
    void isPrimary(server).then((primary) => response.writeHead(primary ? 200 : 503).end());
  });
  agent.listen(0, '127.0.0.1');
  await once(agent, 'listening');
  onTestFinished(() => {
    agent.closeAllConnections();
    agent.close();
  });
  return (agent.address() as AddressInfo).port;
}

function newStorage(port: number, { primary, database }: Pair) {
  const login = { ...primary.login(database), port };
  return openStorage(
    { type: 'postgres', ...login, connectTimeout: 5000, timeout: 5000 },
    { clock: systemClock, logger: silentLogger },
  );
}

async function openNode(port: number, pair: Pair) {
  const storage = newStorage(port, pair);
  await storage.open();
  onTestFinished(() => storage.close());
  const changes: StorageChange[] = [];
  storage.watch((change) => changes.push(change));
  return { storage, changes };
}

/** Milliseconds in which everything has to work again. */
const RECOVERY = { timeout: 30_000 };

describe.skipIf(!installed)(`the failover of PostgreSQL${skipped}`, () => {
  it('two nodes behind docs/deploy/haproxy-postgres.cfg continue after a failover without a restart, and lose nothing', async () => {
    const pair = await startPair();
    const { primary, standby } = pair;
    const [agent1, agent2] = [await startAgent(primary), await startAgent(standby)];
    const balancer = await startHaproxy(
      deployed('haproxy-postgres.cfg', {
        'bind :5432': 'bind PORT',
        '10.1.0.21:5432 check port 8008': `127.0.0.1:${primary.port} check port ${agent1}`,
        '10.1.0.22:5432 check port 8008': `127.0.0.1:${standby.port} check port ${agent2}`,
        'inter 2s': 'inter 100ms',
        // Otherwise a check may take as long as the interval, which is short for a busy machine.
        'timeout connect 5s': 'timeout connect 5s\n  timeout check 10s',
      }),
    );
    onTestFinished(() => balancer.close());
    // HAProxy uses every server until its first checks.
    await expect.poll(balancer.log, RECOVERY).toContain('Server postgres/postgres2 is DOWN');
    const one = await openNode(balancer.port, pair);
    const other = await openNode(balancer.port, pair);
    await one.storage.putKeyPair(PAIR);
    const ids: string[] = [];
    const put = async (): Promise<string> => {
      const id = randomUUID();
      const result = await one.storage.put(registration({ id, expiresAt: Date.now() + 90_000 }), Date.now());
      if (result === 'ok') ids.push(id);
      return result;
    };
    for (let count = 0; count < 20; count++) expect(await put()).toBe('ok');

    await primary.kill();
    await promote(standby);
    await expect.poll(() => put().catch(() => 'failed'), RECOVERY).toBe('ok');
    for (const { storage, changes } of [one, other]) {
      await expect.poll(() => storage.ping().then(() => 'up', String), RECOVERY).toBe('up');
      expect(changes).toContainEqual({ type: 'reload' });
      const stored = new Set((await storage.registrations()).map(({ kite }) => kite.id));
      expect(ids.filter((id) => !stored.has(id))).toEqual([]);
    }
    // Notifications arrive again.
    expect(await put()).toBe('ok');
    const found = (): unknown =>
      other.changes.some((change) => change.type === 'put' && change.registration.kite.id === ids.at(-1));
    await expect.poll(found).toBe(true);
  }, 60_000);

  it('a node writes to the new primary although the former one still answers its connections, read-only', async () => {
    const pair = await startPair();
    const { primary, standby } = pair;
    // A name whose address changes: new connections lead to the new primary, and nothing ends the old ones.
    let target = primary.port;
    const name = net.createServer((socket: Socket) => {
      const upstream = net.connect(target, '127.0.0.1');
      for (const side of [socket, upstream]) side.on('error', () => {});
      socket.pipe(upstream).pipe(socket);
      onTestFinished(() => {
        socket.destroy();
        upstream.destroy();
      });
    });
    name.listen(0, '127.0.0.1');
    await once(name, 'listening');
    onTestFinished(() => void name.close());
    const node = await openNode((name.address() as AddressInfo).port, pair);
    await node.storage.putKeyPair(PAIR);
    const put = (): Promise<string> => {
      const entry = registration({ id: randomUUID(), expiresAt: Date.now() + 90_000 });
      return node.storage.put(entry, Date.now()).catch(String);
    };
    expect(await Promise.all(Array.from({ length: 8 }, put))).toEqual(Array.from({ length: 8 }, () => 'ok'));

    await promote(standby);
    await primary.configure({ default_transaction_read_only: 'on' });
    await expect.poll(() => isPrimary(primary)).toBe(false);
    target = standby.port;
    const outcomes: string[] = [];
    for (let attempts = 0; attempts < 20; attempts++) outcomes.push(await put());
    expect(outcomes.slice(10)).toEqual(Array.from({ length: 10 }, () => 'ok'));
    for (const outcome of outcomes.filter((each) => each !== 'ok'))
      expect(outcome).toMatch(/is read-only: .*Connect to the primary, and not to a standby/);
    const [row] = await standby.sql<{ count: number }>(
      pair.database,
      'SELECT count(*)::int AS count FROM kite.kite',
    );
    expect(row?.count).toBe(8 + outcomes.filter((each) => each === 'ok').length);
  }, 60_000);

  it('the store reports a standby, which cannot be written', async () => {
    const pair = await startPair();
    const error: unknown = await newStorage(pair.standby.port, pair)
      .open()
      .catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/is read-only: .*Connect to the primary, and not to a standby/);
  }, 30_000);
});
