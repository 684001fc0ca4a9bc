import { errorText } from '../../../util/message-of.js';
import { Backoff } from '../../../util/backoff.js';
import type { Clock, Timer } from '../../../util/clock.js';
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

  /** Starts listening. Rejects with a StorageError. */
  async open(): Promise<void> {
    await this.#listen();
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

  async #listen(): Promise<void> {
    const { database, channel, onNotification } = this.#options;
    const { timeout } = database;
    const session = await database.connect(timeout, timeout);
    session.onNotification((payload) => {
      if (this.#session === session) onNotification(payload);
    });
    session.onEnd(() => this.#replace(session));
    try {
      await session.query(`LISTEN ${channel}`, [], timeout);
    } catch (error) {
      session.destroy();
      throw error;
    }
    if (this.#closed) session.destroy();
    else this.#session = session;
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
      await this.#listen();
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
