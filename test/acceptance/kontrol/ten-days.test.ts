import { describe } from 'vitest';
import { FileStorage } from '../../../src/lib/kontrol/storage/file/file-storage.js';
import { MemoryStorage } from '../../../src/lib/kontrol/storage/memory/memory-storage.js';
import { etcdInstalled, skipped as withoutEtcd } from '../../helpers/etcd-server.js';
import { useEtcd } from '../../helpers/etcd-store.js';
import { postgresInstalled, skipped as withoutPostgres } from '../../helpers/postgres-server.js';
import { usePostgres } from '../../helpers/postgres-store.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { tenDayRenewal } from '../../helpers/ten-days.js';

describe('tokens that last two days', () => {
  tenDayRenewal('memory', () => new MemoryStorage());
  tenDayRenewal('file', () => new FileStorage(temporaryFolder()));

  describe.skipIf(!postgresInstalled)(`on PostgreSQL${withoutPostgres}`, () => {
    const postgres = usePostgres();
    tenDayRenewal('postgres', () => postgres.make());
  });

  describe.skipIf(!etcdInstalled)(`on etcd${withoutEtcd}`, () => {
    const etcd = useEtcd();
    tenDayRenewal('etcd', () => etcd.make());
  });
});
