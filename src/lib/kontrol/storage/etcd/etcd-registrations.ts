import type { IKeyValue, IRequestOp } from 'etcd3';
import type { Logger } from '../../../util/logger.js';
import { mayReplace } from '../shared/entries.js';
import { type PutResult, type Registration, StorageError } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { nameOf } from './etcd-failures.js';
import { deleteOp, type KeyLayout, unchangedSince, putOp, registrationOf, unchanged } from './key-layout.js';
import type { SharedLease } from './node-lease.js';
import { atOneRevision, eachPage, readKeys } from './range-read.js';
import { expiryOf, type Signs, type HeartbeatBuckets } from './heartbeat-buckets.js';

export interface EtcdRegistrationsOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  readonly lease: SharedLease;
  readonly signs: HeartbeatBuckets;
  readonly logger: Logger;
}

/** A registration to be written. */
export interface Put {
  readonly registration: Registration;
  readonly now: number;
}

/** A registration to be removed. */
export interface Place {
  readonly id: string;
  readonly url: string;
}

/** Registrations that are written or removed at once: each takes an operation and those within it, of the 128 that etcd allows. */
export const WRITES = 100;
/** Times that a change is tried while other nodes change the same. */
const TRIES = 20;

/** A registration, and what the store has under its key. */
interface Attempt {
  readonly at: number;
  readonly key: Buffer;
  readonly put: Put;
  readonly seen: IKeyValue | undefined;
}

/** The registrations in etcd. */
export class EtcdRegistrations {
  readonly #options: EtcdRegistrationsOptions;

  constructor(options: EtcdRegistrationsOptions) {
    this.#options = options;
  }

  /** Every one, as all nodes have refreshed them. */
  all(): Promise<Registration[]> {
    return atOneRevision(async () => {
      const { signs } = this.#options;
      const registrations: Registration[] = [];
      const said = await signs.read();
      await this.#each(said.revision, (registration, kv) => {
        registrations.push({ ...registration, expiresAt: expiryIn(said, registration, kv) });
      });
      return registrations;
    });
  }

  /** Writes some, no two of the same kite. The results are in their order. */
  async put(puts: readonly Put[], until: number): Promise<PutResult[]> {
    const { layout } = this.#options;
    const results: PutResult[] = puts.map(() => 'taken');
    let attempts: Attempt[] = puts.map((put, at) => {
      const key = layout.key('registrations', put.registration.kite.id);
      // Most are new.
      return { at, key, put, seen: undefined };
    });
    let signs: Signs | undefined;
    for (let tries = 0; attempts.length > 0; tries++) {
      if (tries === TRIES) throw this.#restless();
      const seen = await this.#tryToPut(attempts, signs, until);
      const [failed, done] = partition(attempts, ({ at }) => seen.has(at));
      for (const { at } of done) results[at] = 'ok';
      const others = failed.map((attempt) => ({ ...attempt, seen: seen.get(attempt.at) }));
      // Another user's entry may have been refreshed since it was written.
      signs = others.some(belongsToAnother) ? await this.#options.signs.read(until) : undefined;
      attempts = others.filter((attempt) => mayPut(attempt, signs));
    }
    return results;
  }

  /** Removes those that still are at the place they were registered at. */
  async delete(places: readonly Place[], until: number): Promise<void> {
    const { cluster, layout } = this.#options;
    let left = places.map(({ id, url }) => ({ url, key: layout.key('registrations', id) }));
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === TRIES) throw this.#restless();
      const keys = left.map(({ key }) => key);
      const seen = await readKeys(cluster, keys, { until });
      const there = left
        .map((place, at) => ({ ...place, kv: seen[at] }))
        .filter(({ url, kv }) => kv && registrationOf(kv)?.url === url);
      const deleted = await this.#txns(
        there.map(({ key, kv }) => ({ compare: [unchanged(key, kv)], success: [deleteOp(key)] })),
        until,
      );
      left = there.filter((_, at) => !deleted[at]?.succeeded);
    }
  }

  /** Removes what ended before `now`. */
  async sweep(now: number): Promise<void> {
    const { signs } = this.#options;
    await atOneRevision(async () => {
      const before = await signs.read();
      const over: Buffer[] = [];
      await this.#each(before.revision, (_, kv) => {
        if (isOver(before, kv, now)) over.push(kv.key);
      });
      for (let start = 0; start < over.length; start += WRITES) {
        await this.#sweepSome(over.slice(start, start + WRITES), now);
      }
      await signs.sweep(before, now, this.#options.cluster.until());
    });
  }

  /** Removes what still is over, unless a node says meanwhile that anything lives. */
  async #sweepSome(keys: readonly Buffer[], now: number): Promise<void> {
    const { cluster, layout, signs } = this.#options;
    const until = cluster.until();
    let left = keys;
    for (let tries = 0; left.length > 0 && tries < TRIES; tries++) {
      const said = await signs.read(until);
      const kvs = await readKeys(cluster, left, { until });
      const over = kvs.filter((kv) => kv !== undefined).filter((kv) => isOver(said, kv, now));
      const silence = unchangedSince(layout.range('alive'), said.revision);
      const txns = over.map((kv) => ({
        compare: [unchanged(kv.key, kv), silence],
        success: [deleteOp(kv.key)],
      }));
      const deleted = await this.#txns(txns, until);
      left = over.filter((_, at) => !deleted[at]?.succeeded).map(({ key }) => key);
    }
  }

  /** Resolves with what stands in the way, by the place of the attempt: the value that is there now, or undefined. */
  async #tryToPut(
    attempts: readonly Attempt[],
    signs: Signs | undefined,
    until: number,
  ): Promise<Map<number, IKeyValue | undefined>> {
    const { lease, layout } = this.#options;
    const answers = await lease.with(until, (id) =>
      this.#txns(
        attempts.map((attempt) => ({
          compare: [
            unchanged(attempt.key, attempt.seen),
            ...(signs && belongsToAnother(attempt)
              ? [unchangedSince(layout.range('alive'), signs.revision)]
              : []),
          ],
          success: [putOp(attempt.key, attempt.put.registration, id)],
          failure: [{ request_range: { key: attempt.key } }],
        })),
        until,
      ),
    );
    const seen = new Map<number, IKeyValue | undefined>();
    attempts.forEach(({ at }, n) => {
      const answer = answers[n];
      if (answer && !answer.succeeded) seen.set(at, answer.responses[0]?.response_range.kvs[0]);
    });
    return seen;
  }

  async #txns(txns: readonly NonNullable<IRequestOp['request_txn']>[], until: number) {
    if (txns.length === 0) return [];
    const success = txns.map((txn) => ({ request_txn: txn }));
    const { responses } = await this.#options.cluster.call(
      (client, options) => client.kv.txn({ success }, options),
      { until },
    );
    return responses.map(({ response_txn }) => response_txn);
  }

  #each(revision: number, use: (registration: Registration, kv: IKeyValue) => void): Promise<number> {
    const { cluster, layout, logger } = this.#options;
    return eachPage(cluster, layout.range('registrations'), { revision }, (page) => {
      for (const kv of page) {
        const registration = registrationOf(kv);
        if (registration) use(registration, kv);
        else
          logger.warn(
            `etcd: what is stored under ${JSON.stringify(kv.key.toString())} is not a registration`,
          );
      }
    });
  }

  #restless(): StorageError {
    const name = nameOf(this.#options.cluster.urls);
    return new StorageError('unavailable', `${name}: other nodes kept changing the same kites; try again`);
  }
}

function expiryIn({ byId }: Signs, { kite, expiresAt }: Registration, { mod_revision }: IKeyValue): number {
  return expiryOf(Number(mod_revision), expiresAt, byId.get(kite.id));
}

function isOver(signs: Signs, kv: IKeyValue, now: number): boolean {
  const registration = registrationOf(kv);
  return registration !== undefined && expiryIn(signs, registration, kv) < now;
}

function belongsToAnother({ put, seen }: Attempt): boolean {
  const owner = seen && registrationOf(seen)?.kite.username;
  return owner !== undefined && owner !== put.registration.kite.username;
}

function mayPut({ put, seen }: Attempt, signs: Signs | undefined): boolean {
  const old = seen && registrationOf(seen);
  if (!seen || !old) return true;
  const expiresAt = signs ? expiryIn(signs, old, seen) : old.expiresAt;
  return mayReplace({ ...old, expiresAt }, put.registration, put.now) === 'ok';
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
