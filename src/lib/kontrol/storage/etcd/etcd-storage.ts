import { randomBytes } from 'node:crypto';
import type { IKeyValue, ITxnRequest, ITxnResponse } from 'etcd3';
import { type Clock, systemClock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { lookupAddresses } from '../../../util/lookup-addresses.js';
import type { LookupAddresses } from '../../../util/loopback.js';
import { unexpired } from '../shared/entries.js';
import { EtcdChanges } from './etcd-changes.js';
import { type CallOptions, EtcdCluster } from './etcd-cluster.js';
import {
  checkConfig,
  DEFAULT_ABANDONED_AFTER,
  DEFAULT_PREFIX,
  type EtcdConfig,
  exposedMembers,
} from './etcd-config.js';
import { nameOf } from './etcd-failures.js';
import { deleteOp, inviteOf, KeyLayout, pairOf, putOp, unchanged } from './key-layout.js';
import { SharedLease } from './node-lease.js';
import { atOneRevision, readAll } from './range-read.js';
import { type Place, type Put, EtcdRegistrations, WRITES } from './etcd-registrations.js';
import { HeartbeatBuckets } from './heartbeat-buckets.js';
import { WriteBatch } from '../shared/write-batch.js';
import { SealedKeyPairs, type StoredPair } from '../shared/sealed-key-pairs.js';
import {
  type PutResult,
  type Registration,
  type Storage,
  type StorageChange,
  StorageError,
  type StorageTools,
  type StoredInvite,
  type StoredKeyPair,
} from '../shared/storage.js';

/** Seconds. etcd refuses leases of more than three times that. */
const LONGEST_LEASE = 3_000_000_000;

/** A pair with what was read of it, to notice a change. */
interface ReadPair extends StoredPair {
  readonly kv: IKeyValue;
}

/**
 * Keeps everything in an etcd cluster; nodes that share it hear of each other's changes. What is to go when no node lives any
 * more hangs on a lease.
 */
export class EtcdStorage implements Storage {
  readonly name = 'etcd';
  readonly #config: EtcdConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lookup: LookupAddresses;
  readonly #abandonedAfter: number;
  readonly #layout: KeyLayout;
  readonly #cluster: EtcdCluster;
  readonly #lease: SharedLease;
  readonly #signs: HeartbeatBuckets;
  readonly #registrations: EtcdRegistrations;
  readonly #changes: EtcdChanges;
  readonly #keyPairs: SealedKeyPairs<ReadPair>;
  readonly #puts: WriteBatch<Put, PutResult>;
  readonly #deletes: WriteBatch<Place, undefined>;

  /** Throws a ConfigurationError for settings that make no sense. */
  constructor(config: EtcdConfig, { clock, logger, lookup = lookupAddresses }: StorageTools) {
    checkConfig(config);
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#lookup = lookup;
    this.#layout = new KeyLayout(config.prefix ?? DEFAULT_PREFIX);
    this.#cluster = new EtcdCluster(config);
    const node = randomBytes(6).toString('hex');
    const shared = { cluster: this.#cluster, layout: this.#layout, logger };
    this.#abandonedAfter = config.abandonedAfter ?? DEFAULT_ABANDONED_AFTER;
    // Members and their leases go by the time that passes, also where Kontrol's clock is a test's.
    this.#lease = new SharedLease({ ...shared, ttl: this.#abandonedAfter, clock: systemClock });
    this.#changes = new EtcdChanges({ ...shared, node, clock: systemClock });
    this.#signs = new HeartbeatBuckets({ ...shared, lease: this.#lease, node, clock });
    this.#registrations = new EtcdRegistrations({ ...shared, lease: this.#lease, signs: this.#signs });
    this.#keyPairs = new SealedKeyPairs(config, {
      all: () => this.#storedPairs(),
      put: async (pair) => void (await this.#txn({ success: [this.#pairOp(pair)] })),
      replace: async ({ kv, pair }, privateKey) =>
        void (await this.#txn({
          compare: [unchanged(kv.key, kv)],
          success: [this.#pairOp({ ...pair, privateKey })],
        })),
    });
    const batch = { size: WRITES, timeout: this.#cluster.timeout, clock: systemClock };
    this.#puts = new WriteBatch({
      ...batch,
      keyOf: ({ registration }) => registration.kite.id,
      write: (puts, until) => this.#registrations.put(puts, until),
    });
    this.#deletes = new WriteBatch({
      ...batch,
      keyOf: ({ id }) => id,
      write: async (places, until) => {
        await this.#registrations.delete(places, until);
        return places.map(() => undefined);
      },
    });
  }

  get secrets(): 'encrypted' | 'plain' {
    return this.#keyPairs.secrets;
  }

  async open(): Promise<void> {
    const exposed = await exposedMembers(this.#config, this.#lookup);
    if (exposed.length > 0) {
      this.#logger.warn(
        `${nameOf(exposed)} is not on this machine, and nothing on the way is encrypted, passwords and keys included: ` +
          'have members serve TLS, and write their URLs with https://',
      );
    }
    await this.#cluster.open();
    try {
      await this.#keyPairs.seal();
      await this.#lease.open();
      await this.#changes.open(this.#cluster.until());
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#puts.idle(), this.#deletes.idle()]);
    this.#lease.close();
    const told = this.#changes.close();
    // Whatever still reads fails now.
    this.#cluster.close();
    await told;
  }

  async ping(): Promise<void> {
    const until = this.#cluster.until();
    // Read from the majority; what a member on its own says may be old.
    const { header } = await this.#cluster.call(
      (client, options) => client.kv.range({ key: this.#layout.lease }, options),
      { until },
    );
    await this.#changes.check(Number(header.revision), until);
  }

  registrations(): Promise<Registration[]> {
    return this.#registrations.all();
  }

  put(registration: Registration, now: number): Promise<PutResult> {
    return this.#puts.add({ registration, now });
  }

  async refresh(ids: readonly string[], expiresAt: number): Promise<void> {
    await this.#signs.refresh(ids, expiresAt);
  }

  delete(id: string, url: string): Promise<void> {
    return this.#deletes.add({ id, url });
  }

  async sweep(now: number): Promise<void> {
    await this.#registrations.sweep(now);
    await this.#sweepInvites(now);
  }

  keyPairs(): Promise<StoredKeyPair[]> {
    return this.#keyPairs.all();
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    return this.#keyPairs.put(pair);
  }

  reseal(): Promise<string[]> {
    return this.#keyPairs.reseal();
  }

  async revokedKiteKeys(): Promise<string[]> {
    const { kvs } = await this.#all('revoked');
    return kvs.map(({ key }) => this.#layout.nameOf(key));
  }

  async revokeKiteKey(jti: string): Promise<void> {
    await this.#txn({ success: [putOp(this.#layout.key('revoked', jti), {})] });
  }

  async putInvite({ hash, username, expiresAt }: StoredInvite): Promise<void> {
    // An invite outlives nodes that are all stopped for a while, and goes with its time where none comes back.
    const left = Math.max(0, expiresAt - this.#clock.now()) + this.#abandonedAfter;
    const TTL = Math.min(Math.ceil(left / 1000), LONGEST_LEASE);
    const until = this.#cluster.until();
    const { ID } = await this.#cluster.call(
      (client, options) => client.leaseClient.leaseGrant({ TTL }, options),
      { until },
    );
    const key = this.#layout.key('invites', hash);
    await this.#txn({ success: [putOp(key, { username, expiresAt }, ID)] }, { until });
  }

  async takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    const key = this.#layout.key('invites', hash);
    const { kvs } = await this.#cluster.call((client, options) => client.kv.range({ key }, options));
    const [kv] = kvs;
    if (!kv) return undefined;
    // Were it tried again after it had succeeded unheard, the invite would be lost without a word.
    const taken = await this.#txn(
      { compare: [unchanged(key, kv)], success: [deleteOp(key)] },
      { once: true },
    );
    return taken.succeeded ? unexpired(inviteOf(hash, kv), now) : undefined;
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#changes.watch(listener);
  }

  async #storedPairs(): Promise<ReadPair[]> {
    const { kvs } = await this.#all('keys');
    return kvs.map((kv) => {
      const id = this.#layout.nameOf(kv.key);
      const pair = pairOf(id, kv);
      if (pair) return { kv, pair };
      throw new StorageError('broken', `${nameOf(this.#cluster.urls)}: the key pair ${id} cannot be read`);
    });
  }

  #pairOp({ id, ...pair }: StoredKeyPair): NonNullable<ITxnRequest['success']>[number] {
    return putOp(this.#layout.key('keys', id), pair);
  }

  async #sweepInvites(now: number): Promise<void> {
    const { kvs } = await this.#all('invites');
    for (const kv of kvs) {
      const invite = inviteOf(this.#layout.nameOf(kv.key), kv);
      if (invite && !unexpired(invite, now))
        await this.#txn({ compare: [unchanged(kv.key, kv)], success: [deleteOp(kv.key)] });
    }
  }

  #all(kind: 'keys' | 'revoked' | 'invites'): Promise<{ readonly kvs: readonly IKeyValue[] }> {
    return atOneRevision(() => readAll(this.#cluster, this.#layout.range(kind)));
  }

  #txn(txn: ITxnRequest, options?: CallOptions): Promise<ITxnResponse> {
    return this.#cluster.call((client, deadline) => client.kv.txn(txn, deadline), options);
  }
}
