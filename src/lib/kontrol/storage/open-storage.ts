import type { EtcdConfig } from './etcd/etcd-config.js';
import { EtcdStorage } from './etcd/etcd-storage.js';
import { FileStorage } from './file/file-storage.js';
import { MemoryStorage } from './memory/memory-storage.js';
import type { PostgresConfig } from './postgres/postgres-config.js';
import { PostgresStorage } from './postgres/postgres-storage.js';
import type { Storage, StorageTools } from './shared/storage.js';

export type { EtcdConfig, PostgresConfig, StorageTools };

export type StorageConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly folder: string }
  | PostgresConfig
  | EtcdConfig;

/** The store that a configuration describes, not open yet. Throws a ConfigurationError for one that is not to be had. */
export function openStorage(config: StorageConfig, tools: StorageTools): Storage {
  switch (config.kind) {
    case 'memory':
      return new MemoryStorage();
    case 'file':
      return new FileStorage(config.folder, { clock: tools.clock });
    case 'postgres':
      return new PostgresStorage(config, tools);
    case 'etcd':
      return new EtcdStorage(config, tools);
  }
}
