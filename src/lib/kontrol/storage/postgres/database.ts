import type { Client, ClientConfig, Pool, PoolClient } from 'pg';
import { Socket } from 'node:net';
import type { Clock } from '../../../util/clock.js';
import { withDeadline } from '../../../util/deadline.js';
import { StorageError } from '../shared/storage.js';
import { isLoopbackAddress, type LookupAddresses } from '../../../util/loopback.js';
import {
  clientConfig,
  DEFAULT_TIMEOUT,
  nameOf,
  type PostgresConfig,
  type Protection,
  protectionOf,
} from './postgres-config.js';
import { explain, isPassing, isRefusal, NoResponseError } from './postgres-failures.js';

/** SQL with `$1` and so on for its values. The server keeps one with a name ready, on each connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** Connections at once for calls. One more listens. */
const CONNECTIONS = 8;
/** Times that a statement is sent which the server ends in favour of others. */
const TRIES = 5;
/** Milliseconds that connections have to end in peace. */
const GOODBYE = 1000;

/** A database behind a bounded number of connections: every statement is answered or rejects in time. */
export class Database {
  readonly config: PostgresConfig;
  /** Milliseconds that a call may take. */
  readonly timeout: number;
  readonly #clock: Clock;
  readonly #lookup: LookupAddresses;
  /** Every connection that is not closed yet. */
  readonly #sockets = new Set<Socket>();
  #clients: typeof Client | undefined;
  #pool: Pool | undefined;
  #protection: Protection = 'tls';

  constructor(config: PostgresConfig, clock: Clock, lookup: LookupAddresses) {
    this.config = config;
    this.timeout = config.timeout ?? DEFAULT_TIMEOUT;
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** Prepares for connections; the first statement makes the first one. */
  async open(): Promise<void> {
    this.#protection = await protectionOf(this.config, this.#lookup);
    // Loaded only by whoever keeps things there.
    const { default: pg } = await import('pg');
    this.#clients = pg.Client;
    this.#pool = new pg.Pool({
      ...this.#clientConfig(),
      max: CONNECTIONS,
      connectionTimeoutMillis: Math.min(this.config.connectTimeout, this.timeout),
      statement_timeout: this.timeout,
    });
    // A connection that ends while nobody uses it is replaced when somebody does; one in use fails its statement.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Lets what runs come to its end, in time, and ends every connection. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    this.#clients = undefined;
    await pool?.end();
    const closed = Promise.all(Array.from(this.#sockets, (socket) => socketClosed(socket)));
    await inTime(this.#clock, GOODBYE, closed, () => {}).catch(() => {});
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The rows of a statement. Rejects with a StorageError, or with a KiteError where the database refuses a value. */
  async query<Row extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
    until: number = this.#clock.now() + this.timeout,
  ): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#attempt<Row>(statement, values, until - this.#clock.now());
      } catch (error) {
        if (tries < TRIES && isPassing(error)) continue;
        throw explain(this.config, error);
      }
    }
  }

  /** A connection of its own. Rejects like `query`. */
  async connect(connectTimeout: number, statementTimeout: number): Promise<Session> {
    if (!this.#clients) throw notOpen(this.config);
    const client = new this.#clients({
      ...this.#clientConfig(),
      connectionTimeoutMillis: connectTimeout,
      statement_timeout: statementTimeout,
    });
    // Heard by whoever listens for `end`, too.
    client.on('error', () => {});
    const session = new Session(client, this.config, this.#clock);
    try {
      await inTime(this.#clock, connectTimeout, client.connect(), () => session.destroy());
      return session;
    } catch (error) {
      session.destroy();
      throw explain(this.config, error);
    }
  }

  async #attempt<Row extends object>(
    { name, text }: Statement,
    values: readonly unknown[],
    ms: number,
  ): Promise<Row[]> {
    const pool = this.#pool;
    if (!pool) throw notOpen(this.config);
    let client: PoolClient | undefined;
    let abandoned = false;
    const free = (destroy: boolean): void => {
      client?.release(destroy);
      client = undefined;
    };
    const run = async (): Promise<Row[]> => {
      client = await pool.connect();
      if (abandoned) {
        free(false);
        return [];
      }
      try {
        const query = { text, values: [...values], ...(name !== undefined && { name }) };
        const { rows } = await client.query<Row>(query);
        free(false);
        return rows;
      } catch (error) {
        free(!isRefusal(error));
        throw error;
      }
    };
    return inTime(this.#clock, ms, run(), () => {
      abandoned = true;
      free(true);
    });
  }

  #clientConfig(): ClientConfig {
    return { ...clientConfig(this.config, this.#protection), stream: () => this.#newSocket() };
  }

  #newSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    if (this.#protection === 'local') socket.once('connect', () => requireLocal(socket));
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/** One connection that somebody has alone. */
export class Session {
  readonly #client: Client;
  readonly #config: PostgresConfig;
  readonly #clock: Clock;

  constructor(client: Client, config: PostgresConfig, clock: Clock) {
    this.#client = client;
    this.#config = config;
    this.#clock = clock;
  }

  /** Calls `listener` with what notifications on this connection say. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''));
  }

  /** Calls `listener` once the connection has ended, whoever ended it. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /** The rows of a statement, one at a time. Rejects like `Database.query`; without an answer in time the connection ends. */
  async query<Row extends object>(text: string, values: readonly unknown[], ms: number): Promise<Row[]> {
    try {
      const work = this.#client.query<Row>(text, [...values]);
      return (await inTime(this.#clock, ms, work, () => this.destroy())).rows;
    } catch (error) {
      throw explain(this.#config, error);
    }
  }

  /** Ends the connection. */
  destroy(): void {
    // In the middle of a statement it does not wait for the answer.
    this.#client.end().catch(() => {});
  }
}

function notOpen(config: PostgresConfig): StorageError {
  return new StorageError('unavailable', `${nameOf(config)} is not open`);
}

/** Ends a connection that has left this machine before anything is sent: its name may resolve to other addresses by now. */
export function requireLocal(socket: {
  readonly remoteAddress?: string | undefined;
  destroy(error: Error): unknown;
}): void {
  const { remoteAddress } = socket;
  // The socket in a folder has no address.
  if (remoteAddress === undefined || isLoopbackAddress(remoteAddress)) return;
  socket.destroy(new Error(`${remoteAddress} is not on this machine, and nothing on the way is encrypted`));
}

function socketClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

/** Rejects with `NoResponseError` where the work takes longer than `ms`; `abandon` ends it then. */
function inTime<Result>(
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
