import type Pg from 'pg';
import type { Client, ClientBase, ClientConfig, Pool, PoolClient } from 'pg';
import { Socket } from 'node:net';
import type { Clock } from '../../../util/clock.js';
import { withDeadline } from '../../../util/deadline.js';
import { StorageError } from '../shared/storage.js';
import { guardListeners } from '../../../util/guard-listeners.js';
import { isLoopbackAddress, type LookupAddresses } from '../../../util/loopback.js';
import {
  POSTGRES_TIMEOUT,
  databaseName,
  type PostgresConfig,
  type Protection,
  protectionOf,
} from './postgres-config.js';
import { toCallerError, isRetryable, isStatementError, NoResponseError } from './postgres-failures.js';

/** SQL with the placeholders `$1`, `$2` and so on. A statement with a name is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** Connections in the pool. The listener for notifications uses another one. */
const MAX_CONNECTIONS = 8;
/** Maximum attempts of a statement that fails because of a conflict with others. */
const MAX_ATTEMPTS = 5;
/** Milliseconds that connections have to close gracefully. */
const CLOSE_TIMEOUT = 1000;

/** A database with a bounded number of connections. Every statement resolves or rejects by its deadline. */
export class Database {
  readonly config: PostgresConfig;
  /** Timeout of a call, in milliseconds. */
  readonly timeout: number;
  readonly #clock: Clock;
  readonly #lookup: LookupAddresses;
  /** Connections that are not closed yet. */
  readonly #sockets = new Set<Socket>();
  #pg: typeof Pg | undefined;
  #pool: Pool | undefined;
  #protection: Protection = 'tls';

  constructor(config: PostgresConfig, clock: Clock, lookup: LookupAddresses) {
    this.config = config;
    this.timeout = config.timeout ?? POSTGRES_TIMEOUT;
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** Prepares the database for statements. The first statement opens the first connection. */
  async open(): Promise<void> {
    this.#protection = await protectionOf(this.config, this.#lookup);
    // Imported lazily, because loading it takes a while.
    const { default: pg } = await import('pg');
    this.#pg = pg;
    this.#pool = this.#newPool(pg);
  }

  /**
   * Replaces the connections of the pool once their statements have ended: after a failover, some may lead to the former
   * primary, which still answers.
   */
  renew(): void {
    const former = this.#pool;
    if (!former || !this.#pg) return;
    this.#pool = this.#newPool(this.#pg);
    former.end().catch(() => {});
  }

  #newPool(pg: typeof Pg): Pool {
    const pool = new pg.Pool({
      ...this.#clientConfig(),
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: Math.min(this.config.connectTimeout, this.timeout),
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for the promise, which its types lack
      onConnect: (client) => setStatementTimeout(client, this.timeout),
    });
    // The pool replaces an idle connection that fails. The error of a connection in use rejects its statement.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }

  /** Waits for running statements up to their deadlines, and closes all connections. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    this.#pg = undefined;
    await pool?.end();
    const closed = Promise.all(Array.from(this.#sockets, (socket) => socketClosed(socket)));
    await withTimeout(this.#clock, CLOSE_TIMEOUT, closed, () => {}).catch(() => {});
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Runs a statement and returns its rows. Rejects with a StorageError, or with a KiteError if a value is invalid. */
  async query<Row extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
    deadline: number = this.#clock.monotonic() + this.timeout,
  ): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#attempt<Row>(statement, values, deadline - this.#clock.monotonic());
      } catch (error) {
        if (tries < MAX_ATTEMPTS && isRetryable(error)) continue;
        throw toCallerError(this.config, error);
      }
    }
  }

  /** Opens a dedicated connection. `statementTimeout`: default none. Rejects like `query`. */
  async connect(connectTimeout: number, statementTimeout?: number): Promise<DatabaseSession> {
    if (!this.#pg) throw notOpenError(this.config);
    const client = new this.#pg.Client({
      ...this.#clientConfig(),
      connectionTimeoutMillis: connectTimeout,
    });
    // The event `end` follows, which sessions listen for.
    client.on('error', () => {});
    const session = new DatabaseSession(client, this.config, this.#clock);
    const connecting = async (): Promise<void> => {
      await client.connect();
      if (statementTimeout !== undefined) await setStatementTimeout(client, statementTimeout);
    };
    try {
      await withTimeout(this.#clock, connectTimeout, connecting(), () => session.destroy());
      return session;
    } catch (error) {
      session.destroy();
      throw toCallerError(this.config, error);
    }
  }

  async #attempt<Row extends object>(
    { name, text }: Statement,
    values: readonly unknown[],
    ms: number,
  ): Promise<Row[]> {
    const pool = this.#pool;
    if (!pool) throw notOpenError(this.config);
    let client: PoolClient | undefined;
    let abandoned = false;
    const release = (destroy: boolean): void => {
      client?.release(destroy);
      client = undefined;
    };
    const run = async (): Promise<Row[]> => {
      client = await pool.connect();
      if (abandoned) {
        release(false);
        return [];
      }
      try {
        const query = { text, values: [...values], ...(name !== undefined && { name }) };
        const { rows } = await client.query<Row>(query);
        release(false);
        return rows;
      } catch (error) {
        release(!isStatementError(error));
        throw error;
      }
    };
    return withTimeout(this.#clock, ms, run(), () => {
      abandoned = true;
      release(true);
    });
  }

  #clientConfig(): ClientConfig {
    return { ...clientConfig(this.config, this.#protection), stream: () => this.#newSocket() };
  }

  #newSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    const guarded = guardListeners(() => socket.destroy());
    const onConnect = guarded(() => requireLocal(socket));
    const onClose = guarded(() => this.#sockets.delete(socket));
    if (this.#protection === 'local') socket.once('connect', onConnect);
    socket.once('close', onClose);
    return socket;
  }
}

/** A dedicated connection. */
export class DatabaseSession {
  readonly #client: Client;
  readonly #config: PostgresConfig;
  readonly #clock: Clock;

  constructor(client: Client, config: PostgresConfig, clock: Clock) {
    this.#client = client;
    this.#config = config;
    this.#clock = clock;
  }

  /** Calls `listener` with the payload of each notification. */
  onNotification(listener: (payload: string) => void): void {
    const guarded = guardListeners(() => this.destroy());
    const onNotification = guarded(({ payload }: { readonly payload?: string | undefined }) =>
      listener(payload ?? ''),
    );
    this.#client.on('notification', onNotification);
  }

  /** Calls `listener` once the connection has ended. */
  onEnd(listener: () => void): void {
    this.#client.once('end', guardListeners(() => this.destroy())(listener));
  }

  /**
   * Runs a statement and returns its rows. Statements run one at a time. Rejects like `Database.query`, and closes the
   * connection at a timeout.
   */
  async query<Row extends object>(sql: string, values: readonly unknown[], ms: number): Promise<Row[]> {
    try {
      const work = this.#client.query<Row>(sql, [...values]);
      return (await withTimeout(this.#clock, ms, work, () => this.destroy())).rows;
    } catch (error) {
      throw toCallerError(this.#config, error);
    }
  }

  /** Closes the connection. */
  destroy(): void {
    // Does not wait for the result of a running statement.
    this.#client.end().catch(() => {});
  }
}

/** Sets the timeout by a statement, because poolers such as PgBouncer refuse it in the startup message. */
async function setStatementTimeout(client: ClientBase, ms: number): Promise<void> {
  await client.query(`SET statement_timeout = ${ms}`);
}

function notOpenError(config: PostgresConfig): StorageError {
  return new StorageError('unavailable', `${databaseName(config)} is not open`);
}

/** Destroys a connection to another machine before anything is sent, in case the host name now resolves to other addresses. */
export function requireLocal(socket: {
  readonly remoteAddress?: string | undefined;
  destroy(error: Error): unknown;
}): void {
  const { remoteAddress } = socket;
  // A Unix domain socket does not have an address.
  if (remoteAddress === undefined || isLoopbackAddress(remoteAddress)) return;
  socket.destroy(new Error(`${remoteAddress} is not on this machine, and the connection is not encrypted`));
}

function socketClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

/** Rejects with `NoResponseError` if the work takes longer than `ms`, and calls `abandon` to end it. */
function withTimeout<Result>(
  clock: Clock,
  ms: number,
  work: Promise<Result>,
  abandon: () => void,
): Promise<Result> {
  const onTimeout = (): Error => {
    abandon();
    return new NoResponseError(ms);
  };
  return withDeadline(work, { clock, ms, onTimeout });
}

/** Returns the options of `pg`. All are set explicitly, so that `pg` reads neither the environment nor the home folder. */
function clientConfig(config: PostgresConfig, protection: Protection): ClientConfig {
  const { host, port, user, password, database, ca } = config;
  return {
    host,
    port,
    user,
    database,
    // For an empty string, `pg` would look for a password elsewhere. For a function, it does not.
    password: () => password,
    ssl: protection === 'tls' ? { rejectUnauthorized: true, ...(ca !== undefined && { ca }) } : false,
    application_name: 'kontrol',
    // Detects a server that is gone without closing the connection.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
