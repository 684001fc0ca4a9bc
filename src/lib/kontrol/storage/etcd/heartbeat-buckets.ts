import type { IKeyValue, ITxnRequest } from 'etcd3';
import type { Clock } from '../../../util/clock.js';
import { isHeldBy } from '../shared/entries.js';
import type { Registration } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import {
  parseHeartbeat,
  hasRevision,
  deleteOp,
  parseIds,
  exists,
  type HeartbeatValue,
  type KeyLayout,
  putOp,
} from './key-layout.js';
import type { SharedLease } from './shared-lease.js';
import { readAll } from './range-read.js';

/** The last heartbeat of the kites in a bucket. */
export interface Heartbeat {
  /** The revision at which it was written. A registration that was put later takes precedence. */
  readonly revision: number;
  readonly expiresAt: number;
  /** The node that wrote it. It counts for the registrations of this node only. */
  readonly node: string;
}

/** The heartbeats of all kites that are in a bucket, at one revision. */
export interface HeartbeatSnapshot {
  readonly revision: number;
  /** By node, and by the id of the kite. */
  readonly byNode: ReadonlyMap<string, ReadonlyMap<string, Heartbeat>>;
  /** Heartbeats by the name of the bucket. */
  readonly byBucket: ReadonlyMap<string, Heartbeat>;
}

export interface HeartbeatBucketsOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  readonly lease: SharedLease;
  /** Id of this store, which the names of its buckets begin with. */
  readonly node: string;
  /** The clock of Kontrol, which expiry times refer to. */
  readonly clock: Clock;
}

interface Bucket {
  readonly ids: readonly string[];
  readonly expiresAt: number;
}

/** Kites per bucket. Larger buckets make the removal of one kite more expensive, smaller ones are more numerous. */
const BUCKET_SIZE = 128;
/** Operations in one transaction, of the 128 that etcd allows by default. */
const MAX_OPERATIONS = 126;
/** Characters in one transaction. By default etcd accepts requests of 1.5 MiB, and a character has up to 3 bytes. */
const MAX_CHARACTERS = 300_000;

/**
 * Refreshes registrations without writing each of them again, which would fill etcd with history within hours. Kites that are
 * refreshed together are listed once in a bucket, and one short value contains the time at which they all expire. If any kite
 * of a bucket is not refreshed with the others, those are moved to new buckets.
 */
export class HeartbeatBuckets {
  readonly #options: HeartbeatBucketsOptions;
  /** The buckets that this node refreshes, by name. */
  readonly #buckets = new Map<string, Bucket>();
  #lastNumber = 0;

  constructor(options: HeartbeatBucketsOptions) {
    this.#options = options;
  }

  /** Sets the expiry time of the registrations of a node. Rejects with a StorageError. */
  async refresh(ids: readonly string[], expiresAt: number, node = ''): Promise<void> {
    const heartbeat = { expiresAt, node };
    const deadline = this.#options.cluster.newDeadline();
    const remaining = new Set(ids);
    const names = this.#completeBuckets(remaining);
    for (const name of names) for (const id of this.#buckets.get(name)?.ids ?? []) remaining.delete(id);
    for (const id of await this.#extend(names, heartbeat, deadline)) remaining.add(id);
    await this.#createBuckets([...remaining], heartbeat, deadline);
  }

  /** Reads the heartbeats of all nodes. Rejects with a StorageError. */
  async read(deadline?: number): Promise<HeartbeatSnapshot> {
    const { cluster, layout } = this.#options;
    const heartbeats = await readAll(cluster, layout.range('alive'), { deadline });
    const { revision } = heartbeats;
    const idLists = await readAll(cluster, layout.range('groups'), { deadline, revision });
    const byBucket = new Map<string, Heartbeat>();
    for (const kv of heartbeats.kvs) {
      const heartbeat = heartbeatOf(kv);
      if (heartbeat) byBucket.set(layout.nameOf(kv.key), heartbeat);
    }
    const byNode = new Map<string, Map<string, Heartbeat>>();
    for (const kv of idLists.kvs) {
      const heartbeat = byBucket.get(layout.nameOf(kv.key));
      if (!heartbeat) continue;
      const byId = byNode.get(heartbeat.node) ?? new Map<string, Heartbeat>();
      byNode.set(heartbeat.node, byId);
      for (const id of parseIds(kv)) if (isNewer(heartbeat, byId.get(id))) byId.set(id, heartbeat);
    }
    return { revision, byNode, byBucket };
  }

  /** Removes the buckets of a snapshot that expired before `now`. */
  async sweep({ byBucket }: HeartbeatSnapshot, now: number, deadline: number): Promise<void> {
    const { cluster, layout } = this.#options;
    const expired = [...byBucket].filter(([, { expiresAt }]) => expiresAt < now);
    for (let start = 0; start < expired.length; start += MAX_OPERATIONS / 2) {
      const batch = expired.slice(start, start + MAX_OPERATIONS / 2);
      const compare = batch.map(([name, { revision }]) => hasRevision(layout.key('alive', name), revision));
      const success = batch.flatMap(([name]) => [
        deleteOp(layout.key('alive', name)),
        deleteOp(layout.key('groups', name)),
      ]);
      // If one of them was refreshed meanwhile, the next sweep removes the others.
      await cluster.call((client, options) => client.kv.txn({ compare, success }, options), { deadline });
    }
  }

  /** Returns the names of this node's buckets whose kites are all among the ids. Drops expired buckets. */
  #completeBuckets(ids: ReadonlySet<string>): string[] {
    const complete: string[] = [];
    const now = this.#options.clock.now();
    for (const [name, bucket] of this.#buckets) {
      if (bucket.expiresAt <= now) this.#buckets.delete(name);
      else if (bucket.ids.every((id) => ids.has(id))) complete.push(name);
    }
    return complete;
  }

  /** Writes heartbeats of buckets. Resolves with the ids of the kites whose buckets no longer exist. */
  async #extend(names: readonly string[], heartbeat: HeartbeatValue, deadline: number): Promise<string[]> {
    const { layout } = this.#options;
    const { expiresAt } = heartbeat;
    const lost: string[] = [];
    for (let start = 0; start < names.length; start += MAX_OPERATIONS) {
      const batch = names.slice(start, start + MAX_OPERATIONS);
      const buckets = batch.map((name) => [name, this.#buckets.get(name)?.ids ?? []] as const);
      // Buckets are restored after a successful write only. Otherwise their kites get new ones.
      for (const name of batch) this.#buckets.delete(name);
      const succeeded = await this.#write(deadline, (lease) => ({
        compare: batch.map((name) => exists(layout.key('groups', name))),
        success: batch.map((name) => putOp(layout.key('alive', name), heartbeat, lease)),
      }));
      if (succeeded) for (const [name, ids] of buckets) this.#buckets.set(name, { ids, expiresAt });
      else lost.push(...buckets.flatMap(([, ids]) => ids));
    }
    return lost;
  }

  async #createBuckets(ids: readonly string[], heartbeat: HeartbeatValue, deadline: number): Promise<void> {
    const { layout, node } = this.#options;
    const { expiresAt } = heartbeat;
    let batch = new Map<string, readonly string[]>();
    let characters = 0;
    for (let start = 0; start < ids.length; start += BUCKET_SIZE) {
      const bucketIds = ids.slice(start, start + BUCKET_SIZE);
      this.#lastNumber += 1;
      batch.set(`${node}-${this.#lastNumber}`, bucketIds);
      characters += bucketIds.reduce((sum, id) => sum + id.length + 3, 0);
      const full = characters >= MAX_CHARACTERS || batch.size * 2 >= MAX_OPERATIONS;
      if (!full && start + BUCKET_SIZE < ids.length) continue;
      const buckets = batch;
      await this.#write(deadline, (lease) => ({
        success: [...buckets].flatMap(([name, members]) => [
          putOp(layout.key('groups', name), members, lease),
          putOp(layout.key('alive', name), heartbeat, lease),
        ]),
      }));
      for (const [name, members] of buckets) this.#buckets.set(name, { ids: members, expiresAt });
      batch = new Map();
      characters = 0;
    }
  }

  async #write(deadline: number, txn: (lease: string) => ITxnRequest): Promise<boolean> {
    const { cluster, lease } = this.#options;
    const { succeeded } = await lease.run(deadline, (id) =>
      cluster.call((client, options) => client.kv.txn(txn(id), options), { deadline }),
    );
    return succeeded;
  }
}

/** Returns the last heartbeat of a kite by the node that it has registered at. */
export function lastHeartbeat(
  { byNode }: HeartbeatSnapshot,
  registration: Registration,
): Heartbeat | undefined {
  let last: Heartbeat | undefined;
  for (const [node, byId] of byNode) {
    if (!isHeldBy(registration, node)) continue;
    const heartbeat = byId.get(registration.kite.id);
    if (heartbeat && isNewer(heartbeat, last)) last = heartbeat;
  }
  return last;
}

export function heartbeatOf(kv: IKeyValue): Heartbeat | undefined {
  const value = parseHeartbeat(kv);
  return value && { ...value, revision: Number(kv.mod_revision) };
}

function isNewer(heartbeat: Heartbeat, other: Heartbeat | undefined): boolean {
  return !other || heartbeat.revision > other.revision;
}
