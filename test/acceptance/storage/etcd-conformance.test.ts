import { describe } from 'vitest';
import { etcdInstalled, missingEtcd, skipped } from '../../helpers/storage/etcd-server.js';
import { DEADLINE, useEtcd } from '../../helpers/storage/etcd-store.js';
import { sharedStorageConformance } from '../../helpers/storage/shared-storage-conformance.js';
import { storageConformance } from '../../helpers/storage/storage-conformance.js';

const etcd = useEtcd();

describe.skipIf(!etcdInstalled)(`the conformance suite${skipped}`, () => {
  storageConformance('etcd', () => etcd.make(), true);
});

sharedStorageConformance({
  name: 'etcd',
  missing: missingEtcd,
  deadline: DEADLINE,
  make: () => etcd.make(),
  kill: () => etcd.server.kill(),
  start: () => etcd.server.start(),
  freeze: () => etcd.server.freeze(),
  thaw: () => etcd.server.thaw(),
});
