import { describe } from 'vitest';
import { missingPostgres, postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { DEADLINE, usePostgres } from '../../helpers/storage/postgres-store.js';
import { sharedStorageConformance } from '../../helpers/storage/shared-storage-conformance.js';
import { storageConformance } from '../../helpers/storage/storage-conformance.js';

const postgres = usePostgres();

describe.skipIf(!postgresInstalled)(`the conformance suite${skipped}`, () => {
  storageConformance('postgres', () => postgres.make(), true);
});

sharedStorageConformance({
  name: 'postgres',
  missing: missingPostgres,
  deadline: DEADLINE,
  make: () => postgres.make(),
  kill: () => postgres.server.kill(),
  start: () => postgres.server.start(),
  freeze: () => postgres.server.freeze(),
  thaw: () => postgres.server.thaw(),
});
