import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { FileStorage } from './file.js';
import { MemoryStorage } from './memory.js';
import type { Storage } from './storage.js';

export type StorageConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly folder: string }
  | { readonly kind: 'postgres' | 'etcd' };

export interface StorageTools {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The store that a configuration describes, not open yet. Throws a ConfigurationError for one that is not to be had. */
export function openStorage(config: StorageConfig, _tools: StorageTools): Storage {
  switch (config.kind) {
    case 'memory':
      return new MemoryStorage();
    case 'file':
      return new FileStorage(config.folder);
    default:
      throw new ConfigurationError(
        'badValue',
        `The store ${config.kind} is not in this version: use file or memory`,
      );
  }
}
