import { describe } from 'vitest';
import { FileStorage } from '../../../src/lib/kontrol/storage/file/file-storage.js';
import { MemoryStorage } from '../../../src/lib/kontrol/storage/memory/memory-storage.js';
import { etcdInstalled, skipped as withoutEtcd } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { postgresInstalled, skipped as withoutPostgres } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { tenDayRenewal } from '../../helpers/storage/ten-days.js';

describe('tokens that expire after two days', () => {
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
