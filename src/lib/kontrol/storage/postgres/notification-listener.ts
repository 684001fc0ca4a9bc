import { Backoff } from '../../../util/backoff.js';
import type { Clock, Timer } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { StorageError } from '../shared/storage.js';
import { nameOf } from './postgres-config.js';
import type { Database, Session } from './database.js';

export interface NotificationListenerOptions {
  readonly database: Database;
  readonly channel: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a notification says. */
  readonly onNotification: (payload: string) => void;
  /** It listens again: what was said meanwhile was not heard. */
  readonly onResumed: () => void;
}

/**
 * Listens on a channel of the database, with a connection of its own. One that is lost is replaced, with waits that grow
 * up to five seconds.
 *
 * Lifecycle: `open`, `check`, `close`.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions;
  readonly #backoff = new Backoff({ initial: 100, max: 5000 });
  #session: Session | undefined;
  #connecting: Promise<void> | undefined;
  #checking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: NotificationListenerOptions) {
    this.#options = options;
  }

  /** Rejects with a StorageError where it cannot listen. */
  async open(): Promise<void> {
    await this.#listen();
  }

  /** Resolves where it listens, and the server answers on that connection. Tries at once where it has none. */
  check(): Promise<void> {
    const session = this.#session;
    if (!session) return this.#resume();
    this.#checking ??= this.#check(session).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Ends the connection as if it were lost, where what was heard on it could not be followed up. */
  interrupt(): void {
    if (this.#session) this.#lose(this.#session);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #check(session: Session): Promise<void> {
    try {
      await session.query('SELECT 1', [], this.#options.database.timeout);
    } catch (error) {
      this.#lose(session);
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
    session.onEnd(() => this.#lose(session));
    try {
      await session.query(`LISTEN ${channel}`, [], timeout);
    } catch (error) {
      session.destroy();
      throw error;
    }
    if (this.#closed) session.destroy();
    else this.#session = session;
  }

  /** Listens again, and says so. Whoever asks for it meanwhile gets the same try. */
  #resume(): Promise<void> {
    if (this.#closed) {
      return Promise.reject(
        new StorageError('unavailable', `${nameOf(this.#options.database.config)} is not open`),
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
      this.#resumeLater();
      throw error;
    }
    this.#backoff.reset();
    if (!this.#closed) this.#options.onResumed();
  }

  #lose(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    session.destroy();
    this.#resumeLater();
  }

  #resumeLater(): void {
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(() => {
      this.#resume().catch((error: unknown) => logger.debug(String(error)));
    }, this.#backoff.next());
  }
}
