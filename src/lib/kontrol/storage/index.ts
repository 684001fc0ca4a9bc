import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { FileStorage } from './file.js';
import { MemoryStorage } from './memory.js';
import type { PostgresConfig } from './postgres/config.js';
import { PostgresStorage } from './postgres.js';
import type { Storage } from './storage.js';

export type { PostgresConfig };

/** An etcd cluster. */
export interface EtcdConfig {
  readonly kind: 'etcd';
  /** URLs of the members, `http://` or `https://`. */
  readonly machines: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** PEM of the authority that signed the members' certificates. */
  readonly ca?: string;
  /** PEM of this client's certificate and its key, where members ask for one. */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
}

export type StorageConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly folder: string }
  | PostgresConfig
  | EtcdConfig;

export interface StorageTools {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The store that a configuration describes, not open yet. Throws a ConfigurationError for one that is not to be had. */
export function openStorage(config: StorageConfig, tools: StorageTools): Storage {
  switch (config.kind) {
    case 'memory':
      return new MemoryStorage();
    case 'file':
      return new FileStorage(config.folder);
    case 'postgres':
      return new PostgresStorage(config, tools);
    default:
      throw new ConfigurationError(
        'badValue',
        `The store ${config.kind} is not in this version: use file, memory or postgres`,
      );
  }
}
