import { Etcd3 } from 'etcd3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Storage, StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { type EtcdMember, etcdInstalled, skipped } from '../../helpers/storage/etcd-server.js';
import { DEADLINE, useEtcd } from '../../helpers/storage/etcd-store.js';
import { idOf, NOW, registration } from '../../helpers/storage/storage-conformance.js';

const etcd = useEtcd({ members: 3 });

interface Node {
  readonly storage: Storage;
  readonly changes: StorageChange[];
}

/** A node that uses `first`, and then the other members. */
function nodeAt(first: EtcdMember): Promise<Node> {
  const others = etcd.server.urls.filter((url) => url !== first.url);
  return openNode(etcd.make({ machines: [first.url, ...others] }));
}

/** A node with one member. A member that was stopped in the previous test may be unreachable at first. */
function nodeOnlyAt(member: EtcdMember): Promise<Node> {
  return vi.waitFor(() => openNode(etcd.make({ machines: [member.url] })), { timeout: 5000 });
}

async function openNode(storage: Storage): Promise<Node> {
  await storage.open();
  onTestFinished(() => storage.close());
  const changes: StorageChange[] = [];
  storage.watch((change) => changes.push(change));
  return { storage, changes };
}

async function members(): Promise<{ leader: EtcdMember; followers: EtcdMember[] }> {
  const leader = await etcd.server.leader();
  return { leader, followers: etcd.server.members.filter((member) => member !== leader) };
}

/** Milliseconds that a call takes; rejects with its error. */
async function timeOf(call: Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await call;
  return performance.now() - begin;
}

const wasNotified = ({ changes }: Node, id: string): boolean =>
  changes.some((change) => change.type === 'put' && change.registration.kite.id === id);

// A margin for a busy machine.
const IN_TIME = DEADLINE + 1000;

describe.skipIf(!etcdInstalled)(`an etcd of three members${skipped}`, () => {
  it('a cluster of etcd accepts writes, at once or after a retry, when its leader is killed', async () => {
    const { leader, followers } = await members();
    const nodes = await Promise.all([leader, ...followers].map(nodeAt));
    await leader.kill();
    onTestFinished(() => leader.start());
    for (const [n, { storage }] of nodes.entries()) {
      const write = () => storage.put(registration({ id: idOf(n) }), NOW);
      const first = await timeOf(write()).catch((error: unknown) => error);
      if (typeof first !== 'number') expect(first).toMatchObject({ code: 'unavailable' });
      expect(await timeOf(write())).toBeLessThan(IN_TIME);
      await storage.ping();
    }
    for (const node of nodes) {
      expect(await node.storage.registrations()).toHaveLength(nodes.length);
      expect(node.changes.some(({ type }) => type === 'reload') || wasNotified(node, idOf(0))).toBe(true);
    }
  });

  it('the etcd client calls and watches other members if one does not answer', async () => {
    const { followers } = await members();
    const [frozen, other] = followers as [EtcdMember, EtcdMember];
    const [a, b] = await Promise.all([nodeAt(frozen), nodeAt(other)]);
    frozen.freeze();
    onTestFinished(() => frozen.thaw());
    expect(await timeOf(a.storage.put(registration(), NOW))).toBeLessThan(IN_TIME);
    // The second call does not wait for the frozen member again.
    expect(await timeOf(a.storage.put(registration({ id: idOf(2) }), NOW))).toBeLessThan(DEADLINE / 3);
    await a.storage.ping();
    expect(a.changes).toContainEqual({ type: 'reload' });
    await b.storage.put(registration({ id: idOf(3) }), NOW);
    await expect.poll(() => wasNotified(a, idOf(3))).toBe(true);
  });

  it('the etcd client gives up in time and names each member with a reason if none answers', async () => {
    const { leader, followers } = await members();
    const { storage } = await nodeAt(leader);
    const [killed, frozen] = followers as [EtcdMember, EtcdMember];
    await killed.kill();
    for (const member of [frozen, leader]) member.freeze();
    onTestFinished(async () => {
      etcd.server.thaw();
      await killed.start();
    });
    const begin = performance.now();
    const error = await storage.put(registration(), NOW).catch((reason: unknown) => reason);
    expect(performance.now() - begin).toBeLessThan(IN_TIME);
    const message = (error as Error).message;
    expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
    expect(message).toContain(`etcd at ${leader.url}, `);
    expect(message).toContain(`${leader.url}: it did not respond in time`);
    // Which of the two depends on when the machine polls it.
    expect(message).toMatch(new RegExp(`${killed.url}: (connect ECONNREFUSED|it did not respond in time)`));
  });

  it('the etcd client requests a full read after it missed changes, compacted ones included', async () => {
    const { leader, followers } = await members();
    const [member] = followers as [EtcdMember, EtcdMember];
    const { storage: writer } = await nodeAt(leader);
    const node = await nodeOnlyAt(member);
    const client = new Etcd3({ hosts: leader.url });
    onTestFinished(() => client.close());
    member.freeze();
    await writer.put(registration(), NOW);
    await writer.delete(idOf(1), { url: registration().url });
    await writer.put(registration({ id: idOf(2) }), NOW);
    const { header } = await client.kv.range({ key: Buffer.from('x') });
    await client.kv.compact({ revision: header.revision });
    await member.kill();
    await member.start();
    await expect.poll(() => node.changes, { timeout: 5000 }).toContainEqual({ type: 'reload' });
    expect(await node.storage.registrations()).toEqual([registration({ id: idOf(2) })]);
    await writer.put(registration({ id: idOf(3) }), NOW);
    await expect.poll(() => wasNotified(node, idOf(3))).toBe(true);
  });
});
