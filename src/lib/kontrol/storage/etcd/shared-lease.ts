import type { Etcd3, ILeaseKeepAliveResponse } from 'etcd3';
import type { Clock, Timer } from '../../../util/clock.js';
import { guardListeners } from '../../../util/guard-listeners.js';
import type { Logger } from '../../../util/logger.js';
import { messageOf } from '../../../util/message-of.js';
import type { EtcdCluster, DeadlineOption } from './etcd-cluster.js';
import { isLeaseGone } from './etcd-failures.js';
import { type KeyLayout, putOp, unchanged } from './key-layout.js';

export interface SharedLeaseOptions {
  readonly cluster: EtcdCluster;
  readonly layout: KeyLayout;
  /** Milliseconds until the lease expires after the last node has stopped. */
  readonly ttl: number;
  /** The system clock, which leases refer to, even if Kontrol uses another clock. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Maximum attempts of work whose lease turns out to have expired. */
const MAX_ATTEMPTS = 3;

/**
 * The lease of all keys that etcd must remove if no node is running. All nodes share it and keep it alive, so that registrations
 * do not have to be written again when nodes start or stop.
 */
export class SharedLease {
  readonly #options: SharedLeaseOptions;
  #id: Promise<string> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: SharedLeaseOptions) {
    this.#options = options;
  }

  /** Finds or creates the lease, and starts to keep it alive. Rejects with a StorageError. */
  async open(): Promise<void> {
    this.#closed = false;
    await this.#renew();
  }

  /** Stops keeping the lease alive. It expires unless other nodes do. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#id = undefined;
  }

  /** Runs work that puts keys with the lease. Repeats it with a new lease if the lease has expired. */
  async run<Result>(deadline: number, work: (lease: string) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const lease = this.#lease(deadline);
      try {
        return await work(await lease);
      } catch (error) {
        if (tries === MAX_ATTEMPTS || !(error instanceof Error) || !isLeaseGone(error.cause)) throw error;
        this.#invalidate(lease);
      }
    }
  }

  #lease(deadline: number): Promise<string> {
    if (this.#id) return this.#id;
    const id = this.#findOrCreate(deadline);
    this.#id = id;
    // Its callers handle the rejection. The next call tries again.
    id.catch(() => this.#invalidate(id));
    return id;
  }

  #invalidate(lease: Promise<string>): void {
    if (this.#id === lease) this.#id = undefined;
  }

  async #findOrCreate(deadline: number): Promise<string> {
    const { cluster, layout, ttl } = this.#options;
    const key = layout.lease;
    const { kvs } = await cluster.call((client, options) => client.kv.range({ key }, options), { deadline });
    if (kvs[0]) return kvs[0].lease;
    const TTL = Math.ceil(ttl / 1000);
    const { ID } = await cluster.call((client, options) => client.leaseClient.leaseGrant({ TTL }, options), {
      deadline,
    });
    const txn = {
      compare: [unchanged(key, undefined)],
      success: [putOp(key, '', ID)],
      failure: [{ request_range: { key } }],
    };
    const { succeeded, responses } = await cluster.call((client, options) => client.kv.txn(txn, options), {
      deadline,
    });
    if (succeeded) return ID;
    // Another node, or an earlier attempt of this one, has created the lease. The unused one expires.
    return responses[0]?.response_range.kvs[0]?.lease ?? this.#findOrCreate(deadline);
  }

  async #renew(): Promise<void> {
    const { cluster, ttl } = this.#options;
    const deadline = cluster.newDeadline();
    const lease = this.#lease(deadline);
    let wait = ttl / 10;
    try {
      const id = await lease;
      const remaining = await cluster.call((client, options) => keepAlive(client, id, options), { deadline });
      wait = remaining > 0 ? ttl / 3 : 0;
      if (remaining <= 0) this.#invalidate(lease);
    } finally {
      this.#scheduleRenewal(wait);
    }
  }

  #scheduleRenewal(wait: number): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#renew().catch((error: unknown) => logger.debug(messageOf(error)));
    }, wait);
  }
}

/** Extends a lease. Resolves with its remaining seconds, 0 if it has expired. */
async function keepAlive(client: Etcd3, ID: string, options: DeadlineOption): Promise<number> {
  const stream = await client.leaseClient.leaseKeepAlive(options);
  return new Promise((resolve, reject) => {
    const guarded = guardListeners(reject);
    const onData = guarded(({ TTL }: ILeaseKeepAliveResponse) => {
      resolve(Number(TTL));
      stream.end();
    });
    const onEnd = guarded(() => reject(new Error('14 UNAVAILABLE: the member ended the call')));
    stream.on('data', onData);
    stream.on('error', reject);
    stream.on('end', onEnd);
    stream.write({ ID });
  });
}
