import type { ClientConfig } from 'pg';
import { type LookupAddresses, resolvesToLoopback } from '../../../util/loopback.js';

/** A PostgreSQL server. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  /** Name or address; a folder (`/var/run/postgresql`) means the socket in it. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Milliseconds until an attempt to connect at the start has failed. */
  readonly connectTimeout: number;
  /** Milliseconds within which a call is answered or rejects, connecting included. Default 5,000. */
  readonly timeout?: number;
  /**
   * Whether the connection is encrypted, and the server's certificate checked. Default: where `ca` is given, and unless
   * every address of the host is a loopback address.
   */
  readonly tls?: boolean;
  /** PEM of the authority that signed the server's certificate. Default: the ones that Node trusts. */
  readonly ca?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
  /** Opens what was encrypted before there was this secret. */
  readonly formerSecret?: string;
}

export const DEFAULT_TIMEOUT = 5000;

/**
 * How connections are protected: `tls`; `plain`, as the configuration says; `local`: plain, since they stay on this machine,
 * by a socket or by loopback.
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

/** The server and the database, for messages. */
export function nameOf({ host, port, database }: PostgresConfig): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `PostgreSQL at ${address}:${port}, database ${JSON.stringify(database)},`;
}

/** How `pg` connects. It asks neither the environment nor files in the home folder for what is said here. */
export function clientConfig(config: PostgresConfig, protection: Protection): ClientConfig {
  const { host, port, user, password, database, ca } = config;
  return {
    host,
    port,
    user,
    database,
    // For an empty text it would look elsewhere, for a function it does not.
    password: () => password,
    ssl: protection === 'tls' ? { rejectUnauthorized: true, ...(ca !== undefined && { ca }) } : false,
    application_name: 'kontrol',
    // A peer that is gone without a word is noticed some day, whoever waits for it.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
