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
  | { readonly type: 'memory' }
  | { readonly type: 'file'; readonly folder: string }
  | PostgresConfig
  | EtcdConfig;

/**
 * Creates the store that a configuration describes. Kontrol opens and closes it. `tools` default to the system clock and a
 * logger that writes to standard error.
 *
 * @throws ConfigurationError if the configuration is invalid
 */
export function openStorage(config: StorageConfig, tools: Partial<StorageTools> = {}): Storage {
  const allTools = { clock: systemClock, logger: tools.logger ?? new StderrLogger(), ...tools };
  switch (config.type) {
    case 'memory':
      return new MemoryStorage();
    case 'file':
      return new FileStorage(config.folder, {
        clock: allTools.clock,
        warn: (text) => allTools.logger.warn(text),
      });
    case 'postgres':
      return new PostgresStorage(config, allTools);
    case 'etcd':
      return new EtcdStorage(config, allTools);
  }
}
