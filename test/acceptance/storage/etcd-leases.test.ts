import { Etcd3 } from 'etcd3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EtcdConfig } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage, StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { etcdInstalled, skipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { idOf, PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const etcd = useEtcd();

interface Node {
  readonly storage: Storage;
  readonly changes: StorageChange[];
}

async function node(changes: Partial<EtcdConfig> = {}): Promise<Node> {
  const storage = etcd.make(changes);
  await storage.open();
  onTestFinished(() => storage.close());
  const heard: StorageChange[] = [];
  storage.watch((change) => heard.push(change));
  return { storage, changes: heard };
}

function client(): Etcd3 {
  const made = new Etcd3({ hosts: etcd.server.urls });
  onTestFinished(() => made.close());
  return made;
}

/** Keys of this test, without their common prefix. */
async function keys(kind = ''): Promise<string[]> {
  const all = await client().getAll().prefix(`${etcd.prefix}${kind}`).keys();
  return all.map((key) => key.slice(etcd.prefix.length)).toSorted((a, b) => a.localeCompare(b));
}

/** The leases of this test's keys. */
async function leases(): Promise<string[]> {
  const { kvs } = await client().getAll().prefix(etcd.prefix).exec();
  return [...new Set(kvs.map(({ lease }) => lease))];
}

/** Resolves with the kinds of everything that etcd itself removes, once `count` keys are removed. */
async function removedByEtcd(count: number): Promise<{ kinds: Promise<string[]> }> {
  const watcher = await client().watch().prefix(etcd.prefix).create();
  const gone: string[] = [];
  const kinds = new Promise<string[]>((resolve) => {
    watcher.on('delete', ({ key }) => {
      gone.push(key.toString().slice(etcd.prefix.length).split('/')[0] ?? '');
      if (gone.length === count) resolve(gone.toSorted((a, b) => a.localeCompare(b)));
    });
  });
  onTestFinished(() => watcher.cancel());
  return { kinds };
}

const now = Date.now();
const registered = (id: string, expiresAt = now + 90_000) => registration({ id, expiresAt });

/** Reads how often keys of this test were written, and in how many transactions most recently. */
async function writes(kind: string): Promise<{ perKey: number[]; transactions: number }> {
  const { kvs } = await client().getAll().prefix(`${etcd.prefix}${kind}`).exec();
  return {
    perKey: kvs.map(({ version }) => Number(version)),
    transactions: new Set(kvs.map(({ mod_revision }) => mod_revision)).size,
  };
}

describe.skipIf(!etcdInstalled)(`unrefreshed entries in etcd${skipped}`, () => {
  it('etcd removes registrations after the last node stops, but not keys', async () => {
    const { storage } = await node({ abandonedAfter: 1000 });
    await storage.putKeyPair(PAIR);
    await storage.revokeKiteKey('jti-1');
    await storage.put(registered(idOf(1)), now);
    await storage.put(registered(idOf(2)), now);
    await storage.refresh([idOf(1)], now + 100_000);
    await storage.putInvite({ hash: 'h', username: 'bob', expiresAt: now });
    const { kinds } = await removedByEtcd(6);
    await storage.close();
    expect(await kinds).toEqual(['alive', 'groups', 'invites', 'lease', 'registrations', 'registrations']);
    expect(await keys()).toEqual([`keys/${PAIR.id}`, 'revoked/jti-1']);
  });

  it('etcd keeps registrations while any node runs, also those of other nodes', async () => {
    const [a, b] = [await node({ abandonedAfter: 1000 }), await node({ abandonedAfter: 1000 })];
    await a.storage.put(registered(idOf(1)), now);
    await a.storage.close();
    // A lease of the same length without keep-alives shows when the other one would have ended.
    const { kinds } = await removedByEtcd(1);
    const lease = client().lease(2, { autoKeepAlive: false });
    await lease.put(`${etcd.prefix}canary`).value('');
    expect(await kinds).toEqual(['canary']);
    expect(await b.storage.registrations()).toEqual([registered(idOf(1))]);
  });

  it('nodes that start at the same time share one lease in etcd', async () => {
    const nodes = await Promise.all(Array.from({ length: 5 }, () => node()));
    await Promise.all(nodes.map(({ storage }, n) => storage.put(registered(idOf(n)), now)));
    expect(await leases()).toHaveLength(1);
  });

  it('a registration whose lease was revoked is reported as removed and can be registered again', async () => {
    const [a, b] = [await node(), await node()];
    await a.storage.put(registered(idOf(1)), now);
    await a.storage.refresh([idOf(1)], now + 100_000);
    const { kvs } = await client().kv.range({ key: Buffer.from(`${etcd.prefix}lease`) });
    await client().leaseClient.leaseRevoke({ ID: kvs[0]?.lease ?? '' });
    await expect.poll(() => b.changes).toContainEqual({ type: 'delete', id: idOf(1) });
    expect(await keys()).toEqual([]);
    await a.storage.refresh([idOf(1)], now + 110_000);
    expect(await a.storage.registrations()).toEqual([]);
    expect(await a.storage.put(registered(idOf(1)), now)).toBe('ok');
    await a.storage.refresh([idOf(1)], now + 120_000);
    expect(await b.storage.registrations()).toEqual([registered(idOf(1), now + 120_000)]);
    // Both nodes attach their keys to the same new lease.
    await b.storage.put(registered(idOf(2)), now);
    expect(await leases()).toHaveLength(1);
  });
});

describe.skipIf(!etcdInstalled)(`refreshing kites in etcd${skipped}`, () => {
  const ids = Array.from({ length: 1000 }, (_, n) => idOf(n));

  async function thousand(): Promise<[Node, Node]> {
    const nodes: [Node, Node] = [await node(), await node()];
    await Promise.all(ids.map((id) => nodes[0].storage.put(registered(id), now)));
    return nodes;
  }

  const expiries = async ({ storage }: Node): Promise<Record<string, number>> => {
    const count: Record<string, number> = {};
    for (const { expiresAt } of await storage.registrations())
      count[expiresAt - now] = (count[expiresAt - now] ?? 0) + 1;
    return count;
  };

  it('refreshing kites in etcd lists them once, and then writes eight short values for a thousand', async () => {
    const [a, b] = await thousand();
    await a.storage.refresh(ids, now + 91_000);
    expect(await keys('groups/')).toHaveLength(8);
    const once = { perKey: Array.from({ length: 8 }, () => 1), transactions: 1 };
    expect(await writes('alive/')).toEqual(once);
    await a.storage.refresh(ids, now + 92_000);
    await a.storage.refresh(ids.toReversed(), now + 93_000);
    // The revision of the whole server also counts keys of earlier tests whose leases expire.
    expect(await writes('alive/')).toEqual({ perKey: once.perKey.map(() => 3), transactions: 1 });
    expect(await writes('groups/')).toEqual(once);
    expect(await writes('registrations/')).toMatchObject({ perKey: ids.map(() => 1) });
    expect(await expiries(b)).toEqual({ 93000: 1000 });
    const values = Object.values(await client().getAll().prefix(`${etcd.prefix}alive/`).strings());
    expect(Math.max(...values.map((value) => value.length))).toBeLessThan(60);
  });

  it('refreshing kites in etcd extends each kite of any batch, and no other', async () => {
    const [a, b] = await thousand();
    await a.storage.refresh(ids, now + 91_000);
    await a.storage.refresh(ids.slice(1), now + 92_000);
    expect(await expiries(b)).toEqual({ 91000: 1, 92000: 999 });
    await a.storage.refresh(ids.slice(0, 300), now + 93_000);
    await a.storage.refresh(ids.slice(300), now + 94_000);
    expect(await expiries(b)).toEqual({ 93000: 300, 94000: 700 });
    await b.storage.refresh(ids.slice(500, 600), now + 95_000);
    expect(await expiries(a)).toEqual({ 93000: 300, 94000: 600, 95000: 100 });
    await a.storage.refresh([...ids.slice(0, 10), ...ids.slice(0, 10), 'unknown'], now + 80_000);
    expect(await expiries(a)).toEqual({ 80000: 10, 93000: 290, 94000: 600, 95000: 100 });
  });

  it('refreshing kites in etcd does not extend later registrations', async () => {
    const [a, b] = [await node(), await node()];
    await a.storage.put(registered(idOf(1)), now);
    await a.storage.refresh([idOf(1), idOf(2)], now + 500_000);
    await b.storage.put(registered(idOf(2)), now);
    await b.storage.put(registered(idOf(1), now + 95_000), now);
    expect(await expiries(a)).toEqual({ 90000: 1, 95000: 1 });
  });

  it('refreshing a kite in etcd reserves its id for the stated time', async () => {
    const [a, b] = [await node(), await node()];
    await a.storage.put(registered(idOf(1)), now);
    await a.storage.refresh([idOf(1)], now + 500_000);
    const theirs = registration({ id: idOf(1), username: 'mallory', expiresAt: now + 900_000 });
    expect(await b.storage.put(theirs, now + 400_000)).toBe('taken');
    expect(await b.storage.put(theirs, now + 500_000)).toBe('ok');
    // Its expiry was shortened, too.
    await b.storage.refresh([idOf(1)], now + 600_000);
    expect(await a.storage.put(registered(idOf(1)), now + 700_000)).toBe('ok');
  });

  it('refreshing kites in etcd notifies the other nodes only', async () => {
    const [a, b] = await thousand();
    const inTime = { timeout: 5000 };
    await expect.poll(() => [a.changes.length, b.changes.length], inTime).toEqual([1000, 1000]);
    for (const expiresAt of [now + 91_000, now + 92_000]) {
      b.changes.length = 0;
      await a.storage.refresh(ids, expiresAt);
      await expect.poll(() => b.changes.length, inTime).toBe(1000);
      expect(b.changes).toContainEqual({ type: 'put', registration: registered(idOf(7), expiresAt) });
    }
    expect(a.changes).toHaveLength(1000);
  });

  it('refreshing kites in etcd leaves no group entries behind', async () => {
    const [a, b] = await thousand();
    await a.storage.refresh(ids, now + 91_000);
    await a.storage.refresh(ids.slice(500), now + 95_000);
    await b.storage.sweep(now + 93_000);
    expect(await expiries(a)).toEqual({ 95000: 500 });
    // The entries of a swept group are written to a new one.
    await a.storage.refresh(ids, now + 96_000);
    await a.storage.sweep(now + 95_500);
    expect(await expiries(b)).toEqual({ 96000: 500 });
    await a.storage.sweep(now + 97_000);
    expect(await keys()).toEqual(['lease']);
  });
});
