import { errorText } from '../../../util/message-of.js';
import { randomBytes } from 'node:crypto';
import { Backoff } from '../../../util/backoff.js';
import type { Clock, Timer } from '../../../util/clock.js';
import { withDeadline } from '../../../util/deadline.js';
import type { Logger } from '../../../util/logger.js';
import { StorageError } from '../shared/storage.js';
import { databaseName } from './postgres-config.js';
import type { Database, DatabaseSession } from './database.js';

export interface NotificationListenerOptions {
  readonly database: Database;
  readonly channel: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the payload of each notification. */
  readonly onNotification: (payload: string) => void;
  /** Called when listening has resumed. Notifications since the interruption were missed. */
  readonly onResumed: () => void;
}

/**
 * Listens on a channel of the database, on a dedicated connection. A lost connection is replaced, with delays that grow up to
 * five seconds.
 *
 * Lifecycle: `open`, `check`, `close`.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions;
  readonly #backoff = new Backoff({ initial: 100, max: 5000 });
  #session: DatabaseSession | undefined;
  #connecting: Promise<void> | undefined;
  #checking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: NotificationListenerOptions) {
    this.#options = options;
  }

  /** Starts listening. Rejects with a StorageError, also if notifications do not arrive. */
  async open(connectTimeout: number): Promise<void> {
    await this.#listen(connectTimeout);
  }

  /** Resolves if the server responds on the connection. If the connection is lost, replaces it immediately. */
  check(): Promise<void> {
    const session = this.#session;
    if (!session) return this.#resume();
    this.#checking ??= this.#check(session).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Replaces the connection, for an owner that could not process a notification. */
  interrupt(): void {
    if (this.#session) this.#replace(this.#session);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #check(session: DatabaseSession): Promise<void> {
    try {
      await session.query('SELECT 1', [], this.#options.database.timeout);
    } catch (error) {
      this.#replace(session);
      throw error;
    }
  }

  async #listen(connectTimeout: number): Promise<void> {
    const { database, clock, onNotification } = this.#options;
    const { timeout } = database;
    const probe = `probe ${randomBytes(12).toString('hex')}`;
    const session = await database.connect(connectTimeout);
    const arrived = new Promise<void>((resolve, reject) => {
      session.onNotification((payload) => {
        if (payload === probe) resolve();
        else if (this.#session === session) onNotification(payload);
      });
      session.onEnd(() => {
        reject(endedError(database));
        this.#replace(session);
      });
    });
    try {
      const work = Promise.all([arrived, this.#startListening(session, probe)]);
      await withDeadline(work, { clock, ms: timeout, onTimeout: () => lostError(database) });
    } catch (error) {
      session.destroy();
      throw error;
    }
    if (this.#closed) session.destroy();
    else this.#session = session;
  }

  /** Sends `probe` from another connection, because a pooler may deliver the notifications of the same one only. */
  async #startListening(listening: DatabaseSession, probe: string): Promise<void> {
    const { database, channel } = this.#options;
    const { timeout } = database;
    await listening.query(`LISTEN ${channel}`, [], timeout);
    const session = await database.connect(timeout);
    try {
      await session.query('SELECT pg_notify($1, $2)', [channel, probe], timeout);
    } finally {
      session.destroy();
    }
  }

  /** Opens a new connection and calls `onResumed`. Concurrent calls share one attempt. */
  #resume(): Promise<void> {
    if (this.#closed) {
      return Promise.reject(
        new StorageError('unavailable', `${databaseName(this.#options.database.config)} is not open`),
      );
    }
    this.#timer?.cancel();
    this.#connecting ??= this.#tryToResume().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #tryToResume(): Promise<void> {
    try {
      await this.#listen(this.#options.database.timeout);
    } catch (error) {
      this.#scheduleResume();
      throw error;
    }
    this.#backoff.reset();
    if (!this.#closed) this.#options.onResumed();
  }

  #replace(session: DatabaseSession): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    session.destroy();
    this.#scheduleResume();
  }

  #scheduleResume(): void {
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(() => {
      this.#resume().catch((error: unknown) => logger.debug(errorText(error)));
    }, this.#backoff.next());
  }
}

function endedError({ config }: Database): StorageError {
  return new StorageError('unavailable', `${databaseName(config)} closed the connection`);
}

function lostError({ config, timeout }: Database): StorageError {
  return new StorageError(
    'unavailable',
    `${databaseName(config)} does not deliver notifications: one did not arrive within ${timeout / 1000} s. ` +
      'A pooler that assigns a connection to each transaction loses them: connect Kontrol to PostgreSQL directly, ' +
      'or set pool_mode = session for its database in PgBouncer',
  );
}
