import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EtcdServer, etcdInstalled } from '../test/helpers/storage/etcd-server.js';
import { PostgresServer, postgresInstalled } from '../test/helpers/storage/postgres-server.js';
import type { StorageConfig } from '../src/lib/kontrol/storage/open-storage.js';

export const kinds = ['memory', 'file', 'postgres', 'etcd'] as const;

/** Calls `work` with an empty store of this kind, and removes the store. Returns undefined if its server is not installed. */
export async function withStorage<Result>(
  kind: (typeof kinds)[number],
  work: (config: StorageConfig) => Promise<Result>,
): Promise<Result | undefined> {
  switch (kind) {
    case 'memory':
      return work({ type: kind });
    case 'file': {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'kontrol-bench-'));
      try {
        return await work({ type: kind, folder });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    case 'postgres': {
      if (!postgresInstalled) return undefined;
      const server = await PostgresServer.start();
      try {
        const login = server.login(await server.newDatabase());
        return await work({ type: kind, ...login, connectTimeout: 5000 });
      } finally {
        await server.remove();
      }
    }
    case 'etcd': {
      if (!etcdInstalled) return undefined;
      const server = await EtcdServer.start();
      try {
        return await work({ type: kind, machines: server.urls });
      } finally {
        await server.remove();
      }
    }
  }
}
