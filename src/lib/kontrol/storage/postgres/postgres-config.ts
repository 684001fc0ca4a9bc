import type { ClientConfig } from 'pg';

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
   * Whether the connection is encrypted, and the server's certificate checked. Default: where the host is not loopback, or
   * `ca` is given.
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

/** Whether what goes to this host stays on this machine. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Whether connections are encrypted. */
export function usesTls({ host, tls, ca }: PostgresConfig): boolean {
  return tls ?? (ca !== undefined || !isLocal(host));
}

/** The server and the database, for messages. */
export function nameOf({ host, port, database }: PostgresConfig): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `PostgreSQL at ${address}:${port}, database ${JSON.stringify(database)},`;
}

/** How `pg` connects. It asks neither the environment nor files in the home folder for what is said here. */
export function clientConfig(config: PostgresConfig): ClientConfig {
  const { host, port, user, password, database, ca } = config;
  return {
    host,
    port,
    user,
    database,
    // For an empty text it would look elsewhere, for a function it does not.
    password: () => password,
    ssl: usesTls(config) ? { rejectUnauthorized: true, ...(ca !== undefined && { ca }) } : false,
    application_name: 'kontrol',
    // A peer that is gone without a word is noticed some day, whoever waits for it.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
