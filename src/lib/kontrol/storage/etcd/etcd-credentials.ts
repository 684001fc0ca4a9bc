import type { IKeyValue } from 'etcd3';
import { mergeCredential } from '../shared/entries.js';
import { StorageError, type StoredCredential } from '../shared/storage.js';
import type { EtcdCluster } from './etcd-cluster.js';
import { clusterName } from './etcd-failures.js';
import { deleteOp, type KeyLayout, parseCredential, putOp, unchanged } from './key-layout.js';
import { readAll, readKeys, retryIfCompacted } from './range-read.js';

/** Credentials in one transaction, of the 128 operations that etcd allows by default. */
const BATCH_SIZE = 100;
/** Maximum attempts of a write, if other nodes change the same credentials meanwhile. */
const MAX_ATTEMPTS = 5;

/** The credentials in an etcd cluster. */
export class EtcdCredentials {
  readonly #cluster: EtcdCluster;
  readonly #layout: KeyLayout;

  constructor(cluster: EtcdCluster, layout: KeyLayout) {
    this.#cluster = cluster;
    this.#layout = layout;
  }

  async all(): Promise<StoredCredential[]> {
    const kvs = await this.#read();
    return kvs.flatMap((kv) => parseCredential(this.#layout.nameOf(kv.key), kv) ?? []);
  }

  async put(credentials: readonly StoredCredential[]): Promise<void> {
    for (let start = 0; start < credentials.length; start += BATCH_SIZE)
      await this.#putBatch(credentials.slice(start, start + BATCH_SIZE));
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += BATCH_SIZE) {
      const success = ids.slice(start, start + BATCH_SIZE).map((id) => deleteOp(this.#key(id)));
      await this.#cluster.call((client, options) => client.kv.txn({ success }, options));
    }
  }

  async #putBatch(batch: readonly StoredCredential[]): Promise<void> {
    const keys = batch.map(({ id }) => this.#key(id));
    for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
      const old = await readKeys(this.#cluster, keys);
      const compare = keys.map((key, index) => unchanged(key, old[index]));
      const success = batch.map((credential, index) => {
        const kv = old[index];
        const { id, ...value } = mergeCredential(kv && parseCredential(credential.id, kv), credential);
        return putOp(this.#key(id), value);
      });
      const { succeeded } = await this.#cluster.call((client, options) =>
        client.kv.txn({ compare, success }, options),
      );
      if (succeeded) return;
    }
    const message = `${clusterName(this.#cluster.urls)}: other nodes change the same credentials`;
    throw new StorageError('unavailable', message);
  }

  async #read(): Promise<readonly IKeyValue[]> {
    const range = this.#layout.range('credentials');
    return (await retryIfCompacted(() => readAll(this.#cluster, range))).kvs;
  }

  #key(id: string): Buffer {
    return this.#layout.key('credentials', id);
  }
}
