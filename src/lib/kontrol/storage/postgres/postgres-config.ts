import { type LookupAddresses, resolvesToLoopback } from '../../../util/loopback.js';

/** The configuration of a store in a PostgreSQL database. */
export interface PostgresConfig {
  readonly type: 'postgres';
  /** Host name or address, or the folder of a Unix domain socket, such as `/var/run/postgresql`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Timeout of the connection attempt at the start, in milliseconds. */
  readonly connectTimeout: number;
  /** Timeout of a call in milliseconds, including the time to connect. Default: 5,000. */
  readonly timeout?: number;
  /**
   * Whether to encrypt the connection and verify the server's certificate. Default: true, unless `ca` is not set and the host
   * is a Unix domain socket or resolves to loopback addresses only.
   */
  readonly tls?: boolean;
  /** Certificate authority of the server's certificate, as PEM. Default: the authorities that Node trusts. */
  readonly ca?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
  /** The previous secret, to decrypt private keys that were encrypted before `secret` was changed. */
  readonly formerSecret?: string;
}

export const POSTGRES_TIMEOUT = 5000;

/**
 * How connections are protected: `tls`, `plain` (not encrypted, as configured), or `local` (not encrypted, because they do not
 * leave this machine).
 */
export type Protection = 'tls' | 'plain' | 'local';

export async function protectionOf(
  { host, tls, ca }: PostgresConfig,
  lookup: LookupAddresses,
): Promise<Protection> {
  if (tls !== undefined) return tls ? 'tls' : 'plain';
  if (ca !== undefined) return 'tls';
  return host.startsWith('/') || (await resolvesToLoopback(host, lookup)) ? 'local' : 'tls';
}

/** Returns the name of the server and the database for messages. */
export function databaseName({ host, port, database }: PostgresConfig): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `PostgreSQL at ${address}:${port}, database ${JSON.stringify(database)},`;
}
