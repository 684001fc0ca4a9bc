import type { IKeyValue, IRangeRequest } from 'etcd3';
import type { EtcdCluster } from './etcd-cluster.js';
import { isCompacted } from './etcd-failures.js';

/** Keys and values at one revision. */
export interface Snapshot {
  readonly revision: number;
  readonly kvs: readonly IKeyValue[];
}

export interface ReadOptions {
  /** Deadline of the whole read, in milliseconds since 1970. Default: each page has the timeout of the cluster. */
  readonly deadline?: number | undefined;
  /** Default: the current revision. */
  readonly revision?: number | undefined;
}

/** Keys per page. */
const PAGE_SIZE = 1000;
/** Operations that etcd allows in one transaction by default. */
const MAX_OPERATIONS = 128;
/** Maximum attempts of a read whose revision is compacted meanwhile. */
const MAX_ATTEMPTS = 3;

/** Reads all keys in a range at one revision. Rejects with a StorageError. */
export async function readAll(
  cluster: EtcdCluster,
  range: IRangeRequest,
  options: ReadOptions = {},
): Promise<Snapshot> {
  const kvs: IKeyValue[] = [];
  const revision = await forEachPage(cluster, range, options, (page) => kvs.push(...page));
  return { revision, kvs };
}

/**
 * Reads all keys in a range at one revision, and calls `onPage` with each page. Resolves with the revision. Rejects if the
 * revision is compacted meanwhile.
 */
export async function forEachPage(
  cluster: EtcdCluster,
  { key, range_end }: IRangeRequest,
  { deadline, revision }: ReadOptions,
  onPage: (page: readonly IKeyValue[]) => void,
): Promise<number> {
  let snapshotRevision = revision;
  let start = key;
  for (;;) {
    const request = {
      ...(start && { key: start }),
      ...(range_end && { range_end }),
      limit: PAGE_SIZE,
      ...(snapshotRevision !== undefined && { revision: snapshotRevision }),
    };
    const { kvs, more, header } = await cluster.call((client, options) => client.kv.range(request, options), {
      deadline,
    });
    snapshotRevision ??= Number(header.revision);
    onPage(kvs);
    const last = kvs.at(-1);
    if (!more || !last) return snapshotRevision;
    // The smallest possible key after the last one.
    start = Buffer.concat([last.key, Buffer.alloc(1)]);
  }
}

/** Repeats a read at one revision if that revision is compacted meanwhile. */
export async function retryIfCompacted<Result>(read: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (tries === MAX_ATTEMPTS || !(error instanceof Error) || !isCompacted(error.cause)) throw error;
    }
  }
}

/** Reads the values of keys, in the same order. Undefined for keys that do not exist. Rejects with a StorageError. */
export async function readKeys(
  cluster: EtcdCluster,
  keys: readonly Buffer[],
  { deadline, revision }: ReadOptions = {},
): Promise<(IKeyValue | undefined)[]> {
  const starts = Array.from(
    { length: Math.ceil(keys.length / MAX_OPERATIONS) },
    (_, index) => index * MAX_OPERATIONS,
  );
  const parts = await Promise.all(
    starts.map((start) => {
      const success = keys.slice(start, start + MAX_OPERATIONS).map((key) => ({
        request_range: { key, ...(revision !== undefined && { revision }) },
      }));
      return cluster.call((client, options) => client.kv.txn({ success }, options), { deadline });
    }),
  );
  return parts.flatMap(({ responses }) => responses.map(({ response_range }) => response_range.kvs[0]));
}
