import { randomBytes } from 'node:crypto';
import type { IKeyValue, ITxnRequest, ITxnResponse } from 'etcd3';
import { type Clock, systemClock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { lookupAddresses } from '../../../util/lookup-addresses.js';
import type { LookupAddresses } from '../../../util/loopback.js';
import { type DeleteRequest, type PutRequest, unexpired } from '../shared/entries.js';
import { EtcdChanges } from './etcd-changes.js';
import { EtcdCredentials } from './etcd-credentials.js';
import { type EtcdCallOptions, EtcdCluster } from './etcd-cluster.js';
import {
  checkConfig,
  DEFAULT_ABANDONED_AFTER,
  DEFAULT_PREFIX,
  type EtcdConfig,
  exposedMembers,
} from './etcd-config.js';
import { clusterName } from './etcd-failures.js';
import { deleteOp, parseInvite, KeyLayout, parseStoredPair, putOp, unchanged } from './key-layout.js';
import { SharedLease } from './shared-lease.js';
import { retryIfCompacted, readAll } from './range-read.js';
import { EtcdRegistrations, ETCD_BATCH_SIZE } from './etcd-registrations.js';
import { HeartbeatBuckets } from './heartbeat-buckets.js';
import { WriteBatch } from '../shared/write-batch.js';
import { SealedKeyPairs, type KeyPairRecord } from '../shared/sealed-key-pairs.js';
import {
  type HeldEntry,
  type PutResult,
  type Registration,
  type SilentMark,
  type Storage,
  type StorageChange,
  StorageError,
  type StorageTools,
  type StoredCredential,
  type StoredInvite,
  type StoredKeyPair,
} from '../shared/storage.js';

/** Seconds. etcd refuses leases that are more than three times as long. */
const MAX_LEASE_TTL = 3_000_000_000;

/** A key pair with the value that was read, to detect concurrent changes. */
interface EtcdKeyPairRecord extends KeyPairRecord {
  readonly kv: IKeyValue;
}

/**
 * A store in an etcd cluster. Nodes that share it are notified of each other's changes. Registrations are attached to a lease,
 * so that etcd removes them if no node is running.
 */
export class EtcdStorage implements Storage {
  readonly name = 'etcd';
  readonly shared = true;
  readonly #config: EtcdConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lookup: LookupAddresses;
  readonly #abandonedAfter: number;
  readonly #layout: KeyLayout;
  readonly #cluster: EtcdCluster;
  readonly #lease: SharedLease;
  readonly #heartbeats: HeartbeatBuckets;
  readonly #registrations: EtcdRegistrations;
  readonly #changes: EtcdChanges;
  readonly #credentials: EtcdCredentials;
  readonly #keyPairs: SealedKeyPairs<EtcdKeyPairRecord>;
  readonly #puts: WriteBatch<PutRequest, PutResult>;
  readonly #deletes: WriteBatch<DeleteRequest, undefined>;

  /** @throws ConfigurationError if options contradict each other */
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
    // The members and their leases use real time, even if Kontrol's clock is that of a test.
    this.#lease = new SharedLease({ ...shared, ttl: this.#abandonedAfter, clock: systemClock });
    this.#changes = new EtcdChanges({ ...shared, node, clock: systemClock });
    this.#credentials = new EtcdCredentials(this.#cluster, this.#layout);
    this.#heartbeats = new HeartbeatBuckets({ ...shared, lease: this.#lease, node, clock });
    this.#registrations = new EtcdRegistrations({
      ...shared,
      lease: this.#lease,
      heartbeats: this.#heartbeats,
    });
    this.#keyPairs = new SealedKeyPairs(config, {
      all: () => this.#readKeyPairs(),
      put: async (pair) => void (await this.#txn({ success: [this.#putPairOp(pair)] })),
      replace: async ({ kv, pair }, privateKey) =>
        void (await this.#txn({
          compare: [unchanged(kv.key, kv)],
          success: [this.#putPairOp({ ...pair, privateKey })],
        })),
    });
    const batch = { size: ETCD_BATCH_SIZE, timeout: this.#cluster.timeout, clock: systemClock };
    this.#puts = new WriteBatch({
      ...batch,
      keyOf: ({ registration }) => registration.kite.id,
      write: (requests, deadline) => this.#registrations.put(requests, deadline),
    });
    this.#deletes = new WriteBatch({
      ...batch,
      keyOf: ({ id }) => id,
      write: async (requests, deadline) => {
        await this.#registrations.delete(requests, deadline);
        return requests.map(() => undefined);
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
        `${clusterName(exposed)} is not on this machine, and the connection is not encrypted, including passwords and keys: ` +
          'enable TLS on the members, and use https:// in their URLs',
      );
    }
    await this.#cluster.open();
    try {
      await this.#keyPairs.seal();
      await this.#lease.open();
      await this.#changes.open(this.#cluster.newDeadline());
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#puts.idle(), this.#deletes.idle()]);
    this.#lease.close();
    const changesClosed = this.#changes.close();
    // Pending reads fail now.
    this.#cluster.close();
    await changesClosed;
  }

  async ping(): Promise<undefined> {
    const deadline = this.#cluster.newDeadline();
    // A linearizable read, because the revision of a single member may be outdated.
    const { header } = await this.#cluster.call(
      (client, options) => client.kv.range({ key: this.#layout.lease }, options),
      { deadline },
    );
    await this.#changes.check(Number(header.revision), deadline);
    return undefined;
  }

  registrations(): Promise<Registration[]> {
    return this.#registrations.all();
  }

  put(registration: Registration, now: number, ifAbsent = false): Promise<PutResult> {
    return this.#puts.add({ registration, now, ifAbsent });
  }

  async refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void> {
    await this.#heartbeats.refresh(ids, expiresAt, node);
  }

  async silence(marks: readonly SilentMark[]): Promise<void> {
    for (let start = 0; start < marks.length; start += ETCD_BATCH_SIZE)
      await this.#registrations.silence(
        marks.slice(start, start + ETCD_BATCH_SIZE),
        this.#cluster.newDeadline(),
      );
  }

  delete(id: string, held: HeldEntry): Promise<void> {
    return this.#deletes.add({ id, ...held });
  }

  async sweep(now: number): Promise<void> {
    await this.#registrations.sweep(now);
    await this.#deleteInvites((invite) => !unexpired(invite, now));
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

  async invites(): Promise<StoredInvite[]> {
    const { kvs } = await this.#all('invites');
    return kvs.flatMap((kv) => parseInvite(this.#layout.nameOf(kv.key), kv) ?? []);
  }

  async putInvite({ hash, ...invite }: StoredInvite): Promise<void> {
    // An invite survives a restart of all nodes, and is removed after its expiry even if no node is running.
    const lifetime = Math.max(0, invite.expiresAt - this.#clock.now()) + this.#abandonedAfter;
    const TTL = Math.min(Math.ceil(lifetime / 1000), MAX_LEASE_TTL);
    const deadline = this.#cluster.newDeadline();
    const { ID } = await this.#cluster.call(
      (client, options) => client.leaseClient.leaseGrant({ TTL }, options),
      { deadline },
    );
    const key = this.#layout.key('invites', hash);
    await this.#txn({ success: [putOp(key, invite, ID)] }, { deadline });
  }

  async takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    const key = this.#layout.key('invites', hash);
    const { kvs } = await this.#cluster.call((client, options) => client.kv.range({ key }, options));
    const [kv] = kvs;
    if (!kv) return undefined;
    // Not retried: if a first attempt succeeded without a response, a retry would report that the invite does not exist.
    const { succeeded } = await this.#txn(
      { compare: [unchanged(key, kv)], success: [deleteOp(key)] },
      { once: true },
    );
    return succeeded ? unexpired(parseInvite(hash, kv), now) : undefined;
  }

  deleteInvites(username: string): Promise<number> {
    return this.#deleteInvites((invite) => invite.username === username);
  }

  async credentials(username?: string): Promise<StoredCredential[]> {
    const all = await this.#credentials.all();
    return username === undefined ? all : all.filter((each) => each.username === username);
  }

  putCredentials(credentials: readonly StoredCredential[]): Promise<void> {
    return this.#credentials.put(credentials);
  }

  deleteCredentials(ids: readonly string[]): Promise<void> {
    return this.#credentials.delete(ids);
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#changes.watch(listener);
  }

  async #readKeyPairs(): Promise<EtcdKeyPairRecord[]> {
    const { kvs } = await this.#all('keys');
    return kvs.map((kv) => {
      const id = this.#layout.nameOf(kv.key);
      const pair = parseStoredPair(id, kv);
      if (pair) return { kv, pair };
      throw new StorageError('broken', `${clusterName(this.#cluster.urls)}: the key pair ${id} is malformed`);
    });
  }

  #putPairOp({ id, ...pair }: StoredKeyPair): NonNullable<ITxnRequest['success']>[number] {
    return putOp(this.#layout.key('keys', id), pair);
  }

  /** Deletes the invites that match, and returns their number. */
  async #deleteInvites(matches: (invite: StoredInvite) => boolean): Promise<number> {
    const { kvs } = await this.#all('invites');
    let deleted = 0;
    for (const kv of kvs) {
      const invite = parseInvite(this.#layout.nameOf(kv.key), kv);
      if (!invite || !matches(invite)) continue;
      const txn = { compare: [unchanged(kv.key, kv)], success: [deleteOp(kv.key)] };
      if ((await this.#txn(txn)).succeeded) deleted++;
    }
    return deleted;
  }

  #all(kind: 'keys' | 'revoked' | 'invites'): Promise<{ readonly kvs: readonly IKeyValue[] }> {
    return retryIfCompacted(() => readAll(this.#cluster, this.#layout.range(kind)));
  }

  #txn(txn: ITxnRequest, options?: EtcdCallOptions): Promise<ITxnResponse> {
    return this.#cluster.call((client, callOptions) => client.kv.txn(txn, callOptions), options);
  }
}
