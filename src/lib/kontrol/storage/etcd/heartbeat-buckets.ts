import type { IKeyValue, IRequestOp, ITxnRequest } from 'etcd3';
import type { Clock } from '../../../util/clock.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { aliveOf, atRevision, deleteOp, idsOf, isThere, type KeyLayout, putOp } from './key-layout.js';
import type { SharedLease } from './node-lease.js';
import { readAll } from './range-read.js';

/** The last sign of life of a kite that was given for a group. */
export interface Sign {
  /** The revision at which it was given. A registration that was put later knows better. */
  readonly revision: number;
  readonly expiresAt: number;
}

/** The signs of life of every kite that is in a group, at one revision. */
export interface Signs {
  readonly revision: number;
  readonly byId: ReadonlyMap<string, Sign>;
  /** By the name of the group. */
  readonly groups: ReadonlyMap<string, Sign>;
}

export interface HeartbeatBucketsOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  readonly lease: SharedLease;
  /** What this node calls itself. */
  readonly node: string;
  /** Kontrol's. */
  readonly clock: Clock;
}

interface Group {
  readonly ids: readonly string[];
  readonly expiresAt: number;
}

/** Kites in a group: with more, one that goes costs more; with fewer, there are more groups. */
const GROUP = 128;
/** Operations in one transaction, of the 128 that etcd allows by default. */
const OPERATIONS = 126;
/** Characters of values in one transaction: etcd takes requests of 1.5 MiB by default, and a character has up to 3 bytes. */
const CHARACTERS = 300_000;

/**
 * Refreshes registrations without writing them again, which would fill etcd with their history within hours. Kites that are
 * refreshed together are listed once, as a group, and then one short value says until when all of them are alive. Where any
 * kite of a group is not refreshed with the others, these go into new groups.
 */
export class HeartbeatBuckets {
  readonly #options: HeartbeatBucketsOptions;
  /** The groups that this node refreshes, by name. */
  readonly #groups = new Map<string, Group>();
  #made = 0;

  constructor(options: HeartbeatBucketsOptions) {
    this.#options = options;
  }

  /** Moves the end of registrations. Rejects with a StorageError. */
  async refresh(ids: readonly string[], expiresAt: number): Promise<void> {
    const until = this.#options.cluster.until();
    const left = new Set(ids);
    const known = this.#wholeGroups(left);
    for (const name of known) for (const id of this.#groups.get(name)?.ids ?? []) left.delete(id);
    for (const id of await this.#extend(known, expiresAt, until)) left.add(id);
    await this.#makeGroups([...left], expiresAt, until);
  }

  /** Reads what all nodes have said. Rejects with a StorageError. */
  async read(until?: number): Promise<Signs> {
    const { cluster, layout } = this.#options;
    const alive = await readAll(cluster, layout.range('alive'), { until });
    const { revision } = alive;
    const lists = await readAll(cluster, layout.range('groups'), { until, revision });
    const groups = new Map<string, Sign>();
    for (const kv of alive.kvs) {
      const sign = signOf(kv);
      if (sign) groups.set(layout.nameOf(kv.key), sign);
    }
    const byId = new Map<string, Sign>();
    for (const kv of lists.kvs) {
      const sign = groups.get(layout.nameOf(kv.key));
      if (sign) for (const id of idsOf(kv)) if (isLater(sign, byId.get(id))) byId.set(id, sign);
    }
    return { revision, byId, groups };
  }

  /** Removes the groups that ended before `now`, by what was read. */
  async sweep({ groups }: Signs, now: number, until: number): Promise<void> {
    const { cluster, layout } = this.#options;
    const over = [...groups].filter(([, { expiresAt }]) => expiresAt < now);
    for (let start = 0; start < over.length; start += OPERATIONS / 2) {
      const some = over.slice(start, start + OPERATIONS / 2);
      const compare = some.map(([name, sign]) => atRevision(layout.key('alive', name), sign.revision));
      const success = some.flatMap(([name]) => [
        deleteOp(layout.key('alive', name)),
        deleteOp(layout.key('groups', name)),
      ]);
      // Where one of them comes back meanwhile the others go the next time.
      await cluster.call((client, options) => client.kv.txn({ compare, success }, options), { until });
    }
  }

  /** This node's groups of which all are among the ids. Those that are over are forgotten. */
  #wholeGroups(ids: ReadonlySet<string>): string[] {
    const whole: string[] = [];
    const now = this.#options.clock.now();
    for (const [name, group] of this.#groups) {
      if (group.expiresAt <= now) this.#groups.delete(name);
      else if (group.ids.every((id) => ids.has(id))) whole.push(name);
    }
    return whole;
  }

  /** Says that groups are alive. Resolves with the ids of those that are not there any more. */
  async #extend(names: readonly string[], expiresAt: number, until: number): Promise<string[]> {
    const { layout } = this.#options;
    const gone: string[] = [];
    for (let start = 0; start < names.length; start += OPERATIONS) {
      const some = names.slice(start, start + OPERATIONS);
      const groups = some.map((name) => [name, this.#groups.get(name)?.ids ?? []] as const);
      // Whatever becomes of it: what is not known to have succeeded is made anew.
      for (const name of some) this.#groups.delete(name);
      const succeeded = await this.#write(until, (lease) => ({
        compare: some.map((name) => isThere(layout.key('groups', name))),
        success: some.map((name) => this.#alive(name, expiresAt, lease)),
      }));
      if (succeeded) for (const [name, ids] of groups) this.#groups.set(name, { ids, expiresAt });
      else gone.push(...groups.flatMap(([, ids]) => ids));
    }
    return gone;
  }

  async #makeGroups(ids: readonly string[], expiresAt: number, until: number): Promise<void> {
    const { layout, node } = this.#options;
    let batch = new Map<string, readonly string[]>();
    let characters = 0;
    for (let start = 0; start < ids.length; start += GROUP) {
      const some = ids.slice(start, start + GROUP);
      this.#made += 1;
      batch.set(`${node}-${this.#made}`, some);
      characters += some.reduce((sum, id) => sum + id.length + 3, 0);
      const full = characters >= CHARACTERS || batch.size * 2 >= OPERATIONS;
      if (!full && start + GROUP < ids.length) continue;
      const groups = batch;
      await this.#write(until, (lease) => ({
        success: [...groups].flatMap(([name, members]) => [
          putOp(layout.key('groups', name), members, lease),
          this.#alive(name, expiresAt, lease),
        ]),
      }));
      for (const [name, members] of groups) this.#groups.set(name, { ids: members, expiresAt });
      batch = new Map();
      characters = 0;
    }
  }

  async #write(until: number, txn: (lease: string) => ITxnRequest): Promise<boolean> {
    const { cluster, lease } = this.#options;
    const { succeeded } = await lease.with(until, (id) =>
      cluster.call((client, options) => client.kv.txn(txn(id), options), { until }),
    );
    return succeeded;
  }

  #alive(name: string, expiresAt: number, lease: string): IRequestOp {
    const { layout, node } = this.#options;
    return putOp(layout.key('alive', name), { expiresAt, node }, lease);
  }
}

export function signOf(kv: IKeyValue): Sign | undefined {
  const alive = aliveOf(kv);
  return alive && { expiresAt: alive.expiresAt, revision: Number(kv.mod_revision) };
}

/** When a registration ends, which was put at `revision` and said `expiresAt` then. */
export function expiryOf(revision: number, expiresAt: number, sign: Sign | undefined): number {
  return sign && sign.revision > revision ? sign.expiresAt : expiresAt;
}

function isLater(sign: Sign, other: Sign | undefined): boolean {
  return !other || sign.revision > other.revision;
}
