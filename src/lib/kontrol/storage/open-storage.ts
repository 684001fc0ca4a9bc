import { systemClock } from '../../util/clock.js';
import { StderrLogger } from '../../util/stderr-logger.js';
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

/**
 * The store that a configuration describes. A Kontrol opens and closes it. Default: the clock of the system, and log lines
 * on standard error.
 *
 * @throws ConfigurationError for a configuration that cannot work
 */
export function openStorage(config: StorageConfig, given: Partial<StorageTools> = {}): Storage {
  const tools = { clock: systemClock, logger: given.logger ?? new StderrLogger(), ...given };
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
