import type { IKeyValue, IRangeRequest } from 'etcd3';
import type { EtcdCluster } from './etcd-cluster.js';
import { isCompacted } from './etcd-failures.js';

/** Keys and values as they were at one revision. */
export interface Snapshot {
  readonly revision: number;
  readonly kvs: readonly IKeyValue[];
}

export interface ReadOptions {
  /** Milliseconds since 1970 by when all of it has been read. Default: each page has the cluster's timeout. */
  readonly until?: number | undefined;
  /** Default: now. */
  readonly revision?: number | undefined;
}

/** Keys that are read at once. */
const PAGE = 1000;
/** Operations in one transaction, as etcd allows by default. */
const OPERATIONS = 128;
/** Times that reading begins anew because what it reads is compacted meanwhile. */
const TRIES = 3;

/** Everything in a range, at one revision. Rejects with a StorageError. */
export async function readAll(
  cluster: EtcdCluster,
  range: IRangeRequest,
  options: ReadOptions = {},
): Promise<Snapshot> {
  const kvs: IKeyValue[] = [];
  const revision = await eachPage(cluster, range, options, (page) => kvs.push(...page));
  return { revision, kvs };
}

/**
 * Hands everything in a range to `use`, a page at a time, as it was at one revision. Resolves with that. Where the history
 * is compacted before the end, it rejects, since half of it has been used already.
 */
export async function eachPage(
  cluster: EtcdCluster,
  { key, range_end }: IRangeRequest,
  { until, revision }: ReadOptions,
  use: (page: readonly IKeyValue[]) => void,
): Promise<number> {
  let at = revision;
  let from = key;
  for (;;) {
    const request = {
      ...(from && { key: from }),
      ...(range_end && { range_end }),
      limit: PAGE,
      ...(at !== undefined && { revision: at }),
    };
    const { kvs, more, header } = await cluster.call((client, options) => client.kv.range(request, options), {
      until,
    });
    at ??= Number(header.revision);
    use(kvs);
    const last = kvs.at(-1);
    if (!more || !last) return at;
    // The next key there can be.
    from = Buffer.concat([last.key, Buffer.alloc(1)]);
  }
}

/** Does what reads at one revision again where that is compacted meanwhile. */
export async function atOneRevision<Result>(read: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (tries === TRIES || !(error instanceof Error) || !isCompacted(error.cause)) throw error;
    }
  }
}

/** The values of keys, in their order; undefined for those that are not there. Rejects with a StorageError. */
export async function readKeys(
  cluster: EtcdCluster,
  keys: readonly Buffer[],
  { until, revision }: ReadOptions = {},
): Promise<(IKeyValue | undefined)[]> {
  const starts = Array.from({ length: Math.ceil(keys.length / OPERATIONS) }, (_, n) => n * OPERATIONS);
  const parts = await Promise.all(
    starts.map((start) => {
      const success = keys.slice(start, start + OPERATIONS).map((key) => ({
        request_range: { key, ...(revision !== undefined && { revision }) },
      }));
      return cluster.call((client, options) => client.kv.txn({ success }, options), { until });
    }),
  );
  return parts.flatMap(({ responses }) => responses.map(({ response_range }) => response_range.kvs[0]));
}
