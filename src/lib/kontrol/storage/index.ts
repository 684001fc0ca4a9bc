import { ConfigurationError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { FileStorage } from './file.js';
import { MemoryStorage } from './memory.js';
import type { Storage } from './storage.js';

/** A PostgreSQL server. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Milliseconds until an attempt to connect has failed. */
  readonly connectTimeout: number;
  /** Whether the connection is encrypted, and the server's certificate checked. Default: where the host is not loopback. */
  readonly tls?: boolean;
  /** PEM of the authority that signed the server's certificate. Default: the ones that Node trusts. */
  readonly ca?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
}

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
      return new FileStorage(config.folder, { clock: tools.clock });
    default:
      throw new ConfigurationError(
        'badValue',
        `The store ${config.kind} is not in this version: use file or memory`,
      );
  }
}
