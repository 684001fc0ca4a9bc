import { describe, expect, it } from 'vitest';
import { revokeWhileCalling } from '../../helpers/kontrol/revocation.js';
import { etcdInstalled, skipped as etcdSkipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { postgresInstalled, skipped as postgresSkipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';

const postgres = usePostgres();
const etcd = useEtcd();

describe.skipIf(!postgresInstalled)(`a revocation on PostgreSQL${postgresSkipped}`, () => {
  it('a revocation on PostgreSQL reaches the kites of another node within a second', async () => {
    const { ended, lastCall, lastEnd } = await revokeWhileCalling(() => postgres.make(), 4);
    console.log(
      `PostgreSQL: last call after ${lastCall.toFixed()} ms, last end after ${lastEnd.toFixed()} ms`,
    );
    expect(ended).toBe(8);
    expect(Math.max(lastCall, lastEnd)).toBeLessThan(1000);
  });
});

describe.skipIf(!etcdInstalled)(`a revocation on etcd${etcdSkipped}`, () => {
  it('a revocation on etcd reaches the kites of another node within a second', async () => {
    const { ended, lastCall, lastEnd } = await revokeWhileCalling(() => etcd.make(), 4);
    console.log(`etcd: last call after ${lastCall.toFixed()} ms, last end after ${lastEnd.toFixed()} ms`);
    expect(ended).toBe(8);
    expect(Math.max(lastCall, lastEnd)).toBeLessThan(1000);
  });
});
