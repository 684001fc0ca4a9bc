import type { Etcd3, ILeaseKeepAliveResponse } from 'etcd3';
import type { Clock, Timer } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import type { EtcdCluster, Deadline } from './etcd-cluster.js';
import { isLeaseGone } from './etcd-failures.js';
import { type KeyLayout, putOp, unchanged } from './key-layout.js';

export interface SharedLeaseOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** Milliseconds that it outlives the last node. */
  readonly ttl: number;
  /** The machine's: leases run out by it, whatever clock Kontrol goes by. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Times that something is tried under a lease that turns out to have ended. */
const TRIES = 3;

/**
 * The lease on which all nodes hang what is to go when none of them lives any more. It is one for all, and each keeps it
 * alive: a registration need not be written again to stay, whichever nodes come and go.
 */
export class SharedLease {
  readonly #options: SharedLeaseOptions;
  #id: Promise<string> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: SharedLeaseOptions) {
    this.#options = options;
  }

  /** Finds the lease or makes it, and keeps it alive from now on. Rejects with a StorageError. */
  async open(): Promise<void> {
    this.#closed = false;
    await this.#keep();
  }

  /** Lets the other nodes keep it alive; without any it ends in time. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#id = undefined;
  }

  /** Has something put under the lease, and again under a new one where that has ended meanwhile. */
  async with<Result>(until: number, work: (lease: string) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const lease = this.#lease(until);
      try {
        return await work(await lease);
      } catch (error) {
        if (tries === TRIES || !(error instanceof Error) || !isLeaseGone(error.cause)) throw error;
        this.#forget(lease);
      }
    }
  }

  #lease(until: number): Promise<string> {
    if (this.#id) return this.#id;
    const id = this.#findOrMake(until);
    this.#id = id;
    // Whoever waits for it hears of it; the next one tries again.
    id.catch(() => this.#forget(id));
    return id;
  }

  #forget(lease: Promise<string>): void {
    if (this.#id === lease) this.#id = undefined;
  }

  async #findOrMake(until: number): Promise<string> {
    const { cluster, layout, ttl } = this.#options;
    const key = layout.lease;
    const { kvs } = await cluster.call((client, options) => client.kv.range({ key }, options), { until });
    if (kvs[0]) return kvs[0].lease;
    const TTL = Math.ceil(ttl / 1000);
    const { ID } = await cluster.call((client, options) => client.leaseClient.leaseGrant({ TTL }, options), {
      until,
    });
    const txn = {
      compare: [unchanged(key, undefined)],
      success: [putOp(key, '', ID)],
      failure: [{ request_range: { key } }],
    };
    const { succeeded, responses } = await cluster.call((client, options) => client.kv.txn(txn, options), {
      until,
    });
    if (succeeded) return ID;
    // Another node was faster, or a try of this one had succeeded after all. One that nothing hangs on ends by itself.
    return responses[0]?.response_range.kvs[0]?.lease ?? this.#findOrMake(until);
  }

  async #keep(): Promise<void> {
    const { cluster, ttl } = this.#options;
    const until = cluster.until();
    const lease = this.#lease(until);
    let wait = ttl / 10;
    try {
      const id = await lease;
      const left = await cluster.call((client, deadline) => keepAlive(client, id, deadline), { until });
      wait = left > 0 ? ttl / 3 : 0;
      if (left <= 0) this.#forget(lease);
    } finally {
      this.#keepLater(wait);
    }
  }

  #keepLater(wait: number): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#keep().catch((error: unknown) => logger.debug(String(error)));
    }, wait);
  }
}

/** Extends a lease; resolves with its seconds, 0 where it has ended. */
async function keepAlive(client: Etcd3, ID: string, deadline: Deadline): Promise<number> {
  const stream = await client.leaseClient.leaseKeepAlive(deadline);
  return new Promise((resolve, reject) => {
    stream.on('data', ({ TTL }: ILeaseKeepAliveResponse) => {
      resolve(Number(TTL));
      stream.end();
    });
    stream.on('error', reject);
    stream.on('end', () => reject(new Error('14 UNAVAILABLE: the member ended the call')));
    stream.write({ ID });
  });
}
