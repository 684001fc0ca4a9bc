import type { IKeyValue, IRequestOp } from 'etcd3';
import type { Logger } from '../../../util/logger.js';
import {
  checkOwner,
  type DeleteRequest,
  isSameEntry,
  type PutRequest,
  refreshed,
  silenced,
} from '../shared/entries.js';
import { type PutResult, type Registration, type SilentMark, StorageError } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { clusterName } from './etcd-failures.js';
import {
  deleteOp,
  type KeyLayout,
  unchangedSince,
  putOp,
  parseRegistration,
  unchanged,
} from './key-layout.js';
import type { SharedLease } from './shared-lease.js';
import { retryIfCompacted, forEachPage, readKeys } from './range-read.js';
import {
  type Heartbeat,
  type HeartbeatSnapshot,
  type HeartbeatBuckets,
  lastHeartbeat,
} from './heartbeat-buckets.js';

export interface EtcdRegistrationsOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  readonly lease: SharedLease;
  readonly heartbeats: HeartbeatBuckets;
  readonly logger: Logger;
}

/** Registrations per transaction: each takes an operation and those nested in it, of the 128 that etcd allows by default. */
export const ETCD_BATCH_SIZE = 100;
/** Maximum attempts of a change that conflicts with those of other nodes. */
const MAX_ATTEMPTS = 20;

/** A registration to put, and the value last read of its key. */
interface Attempt {
  readonly index: number;
  readonly key: Buffer;
  readonly request: PutRequest;
  readonly stored: IKeyValue | undefined;
}

/** The registrations in etcd. */
export class EtcdRegistrations {
  readonly #options: EtcdRegistrationsOptions;

  constructor(options: EtcdRegistrationsOptions) {
    this.#options = options;
  }

  /** Returns all registrations, with the expiry times that all nodes have written. */
  all(): Promise<Registration[]> {
    return retryIfCompacted(async () => {
      const registrations: Registration[] = [];
      const heartbeats = await this.#options.heartbeats.read();
      await this.#forEach(heartbeats.revision, (registration, kv) => {
        const heartbeat = laterHeartbeat(heartbeats, registration, kv);
        registrations.push(heartbeat ? refreshed(registration, heartbeat.expiresAt) : registration);
      });
      return registrations;
    });
  }

  /** Writes registrations of different kites. The results are in the order of the requests. */
  async put(requests: readonly PutRequest[], deadline: number): Promise<PutResult[]> {
    const { layout } = this.#options;
    const results: PutResult[] = requests.map(() => 'taken');
    let attempts: Attempt[] = requests.map((request, index) => {
      const key = layout.key('registrations', request.registration.kite.id);
      // Most kites are new.
      return { index, key, request, stored: undefined };
    });
    let heartbeats: HeartbeatSnapshot | undefined;
    for (let tries = 0; attempts.length > 0; tries++) {
      if (tries === MAX_ATTEMPTS) throw this.#contentionError();
      const conflicts = await this.#tryToPut(attempts, heartbeats, deadline);
      const [failed, succeeded] = partition(attempts, ({ index }) => conflicts.has(index));
      for (const { index } of succeeded) results[index] = 'ok';
      const retries = failed.map((attempt) => ({ ...attempt, stored: conflicts.get(attempt.index) }));
      // Another user's entry may have been refreshed since it was written.
      heartbeats = retries.some(hasOtherOwner) ? await this.#options.heartbeats.read(deadline) : undefined;
      attempts = retries.filter((attempt) => canPut(attempt, heartbeats));
    }
    return results;
  }

  /** Marks registrations of different kites, unless they were put since. */
  async silence(marks: readonly SilentMark[], deadline: number): Promise<void> {
    const { cluster, layout, lease } = this.#options;
    let remaining = marks.map((mark) => ({ mark, key: layout.key('registrations', mark.id) }));
    for (let tries = 0; remaining.length > 0; tries++) {
      if (tries === MAX_ATTEMPTS) throw this.#contentionError();
      const keys = remaining.map(({ key }) => key);
      const stored = await readKeys(cluster, keys, { deadline });
      const due = remaining.flatMap((request, index) => {
        const kv = stored[index];
        const value = silenced(kv && parseRegistration(kv), request.mark);
        return value ? [{ ...request, kv, value }] : [];
      });
      const written = await lease.run(deadline, (id) =>
        this.#txns(
          due.map(({ key, kv, value }) => ({
            compare: [unchanged(key, kv)],
            success: [putOp(key, value, id)],
          })),
          deadline,
        ),
      );
      remaining = due.filter((_, index) => !written[index]?.succeeded);
    }
  }

  /** Removes registrations that still have the requested URL and node. */
  async delete(requests: readonly DeleteRequest[], deadline: number): Promise<void> {
    const { cluster, layout } = this.#options;
    let remaining = requests.map((held) => ({ held, key: layout.key('registrations', held.id) }));
    for (let tries = 0; remaining.length > 0; tries++) {
      if (tries === MAX_ATTEMPTS) throw this.#contentionError();
      const keys = remaining.map(({ key }) => key);
      const stored = await readKeys(cluster, keys, { deadline });
      const matching = remaining
        .map((request, index) => ({ ...request, kv: stored[index] }))
        .filter(({ held, kv }) => kv && isSameEntry(parseRegistration(kv), held));
      const deleted = await this.#txns(
        matching.map(({ key, kv }) => ({ compare: [unchanged(key, kv)], success: [deleteOp(key)] })),
        deadline,
      );
      remaining = matching.filter((_, index) => !deleted[index]?.succeeded);
    }
  }

  /** Removes registrations and heartbeats that expired before `now`. */
  async sweep(now: number): Promise<void> {
    await retryIfCompacted(async () => {
      const heartbeats = await this.#options.heartbeats.read();
      const expired: Buffer[] = [];
      await this.#forEach(heartbeats.revision, (_, kv) => {
        if (isExpired(heartbeats, kv, now)) expired.push(kv.key);
      });
      for (let start = 0; start < expired.length; start += ETCD_BATCH_SIZE) {
        await this.#sweepBatch(expired.slice(start, start + ETCD_BATCH_SIZE), now);
      }
      await this.#options.heartbeats.sweep(heartbeats, now, this.#options.cluster.newDeadline());
    });
  }

  /** Removes registrations that are still expired, provided that no heartbeat is written meanwhile. */
  async #sweepBatch(keys: readonly Buffer[], now: number): Promise<void> {
    const { cluster, layout } = this.#options;
    const deadline = cluster.newDeadline();
    let remaining = keys;
    for (let tries = 0; remaining.length > 0 && tries < MAX_ATTEMPTS; tries++) {
      const heartbeats = await this.#options.heartbeats.read(deadline);
      const kvs = await readKeys(cluster, remaining, { deadline });
      const expired = kvs.filter((kv) => kv !== undefined).filter((kv) => isExpired(heartbeats, kv, now));
      const noNewHeartbeat = unchangedSince(layout.range('alive'), heartbeats.revision);
      const txns = expired.map((kv) => ({
        compare: [unchanged(kv.key, kv), noNewHeartbeat],
        success: [deleteOp(kv.key)],
      }));
      const deleted = await this.#txns(txns, deadline);
      remaining = expired.filter((_, index) => !deleted[index]?.succeeded).map(({ key }) => key);
    }
  }

  /** Resolves with the values that conflict, by the index of the attempt. Undefined: the key no longer exists. */
  async #tryToPut(
    attempts: readonly Attempt[],
    heartbeats: HeartbeatSnapshot | undefined,
    deadline: number,
  ): Promise<Map<number, IKeyValue | undefined>> {
    const { lease, layout } = this.#options;
    const responses = await lease.run(deadline, (id) =>
      this.#txns(
        attempts.map((attempt) => ({
          compare: [
            unchanged(attempt.key, attempt.stored),
            ...(heartbeats && hasOtherOwner(attempt)
              ? [unchangedSince(layout.range('alive'), heartbeats.revision)]
              : []),
          ],
          success: [putOp(attempt.key, attempt.request.registration, id)],
          failure: [{ request_range: { key: attempt.key } }],
        })),
        deadline,
      ),
    );
    const conflicts = new Map<number, IKeyValue | undefined>();
    attempts.forEach(({ index }, position) => {
      const response = responses[position];
      if (response && !response.succeeded) conflicts.set(index, response.responses[0]?.response_range.kvs[0]);
    });
    return conflicts;
  }

  async #txns(txns: readonly NonNullable<IRequestOp['request_txn']>[], deadline: number) {
    if (txns.length === 0) return [];
    const success = txns.map((txn) => ({ request_txn: txn }));
    const { responses } = await this.#options.cluster.call(
      (client, options) => client.kv.txn({ success }, options),
      { deadline },
    );
    return responses.map(({ response_txn }) => response_txn);
  }

  #forEach(revision: number, visit: (registration: Registration, kv: IKeyValue) => void): Promise<number> {
    const { cluster, layout, logger } = this.#options;
    return forEachPage(cluster, layout.range('registrations'), { revision }, (page) => {
      for (const kv of page) {
        const registration = parseRegistration(kv);
        if (registration) visit(registration, kv);
        else logger.warn(`etcd: the value of ${JSON.stringify(kv.key.toString())} is not a registration`);
      }
    });
  }

  #contentionError(): StorageError {
    const name = clusterName(this.#options.cluster.urls);
    return new StorageError('unavailable', `${name}: too many conflicts with other nodes; try again`);
  }
}

/** Returns the last heartbeat of a registration by its node, if there is one since it was put. */
function laterHeartbeat(
  heartbeats: HeartbeatSnapshot,
  registration: Registration,
  { mod_revision }: IKeyValue,
): Heartbeat | undefined {
  const heartbeat = lastHeartbeat(heartbeats, registration);
  return heartbeat && heartbeat.revision > Number(mod_revision) ? heartbeat : undefined;
}

function currentExpiry(heartbeats: HeartbeatSnapshot, registration: Registration, kv: IKeyValue): number {
  return laterHeartbeat(heartbeats, registration, kv)?.expiresAt ?? registration.expiresAt;
}

function isExpired(heartbeats: HeartbeatSnapshot, kv: IKeyValue, now: number): boolean {
  const registration = parseRegistration(kv);
  return registration !== undefined && currentExpiry(heartbeats, registration, kv) < now;
}

function hasOtherOwner({ request, stored }: Attempt): boolean {
  const owner = stored && parseRegistration(stored)?.kite.username;
  return owner !== undefined && owner !== request.registration.kite.username;
}

function canPut({ request, stored }: Attempt, heartbeats: HeartbeatSnapshot | undefined): boolean {
  const old = stored && parseRegistration(stored);
  if (!stored || !old) return true;
  const expiresAt = heartbeats ? currentExpiry(heartbeats, old, stored) : old.expiresAt;
  return checkOwner({ ...old, expiresAt }, request) === 'ok';
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
