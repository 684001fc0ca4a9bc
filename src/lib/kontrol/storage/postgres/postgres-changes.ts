import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { ChangeListeners } from '../shared/change-listeners.js';
import type { StorageChange } from '../shared/storage.js';
import type { Database } from './database.js';
import { NotificationListener } from './notification-listener.js';
import { CHANNEL, isId, type KiteRow, registrationOf, SELECT_SOME } from './rows.js';

/** Rows that one statement reads. */
const BATCH = 1000;

/**
 * What changes in the database, as the listeners of a store hear of it. Notifications say which kites changed, no more,
 * since they are short; how these are now is read from their rows, so that the last thing heard of a kite is how it is.
 *
 * A node is not told that it refreshed kites itself: it knows, and they are many.
 */
export class PostgresChanges {
  /** What this node calls itself in notifications. */
  readonly node = randomBytes(6).toString('hex');
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #listener: NotificationListener;
  readonly #listeners = new ChangeListeners();
  /** Kites whose rows are to be read. */
  #due = new Set<string>();
  #reading: Promise<void> | undefined;

  constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    this.#listener = new NotificationListener({
      database,
      channel: CHANNEL,
      clock,
      logger,
      onNotification: (payload) => this.#notified(payload),
      onResumed: () => this.#listeners.tell({ type: 'reload' }),
    });
  }

  /** Rejects with a StorageError where the database cannot be listened to. */
  open(): Promise<void> {
    return this.#listener.open();
  }

  /** Resolves where changes are heard of at this moment. */
  check(): Promise<void> {
    return this.#listener.check();
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.#listeners.clear();
    this.#due.clear();
    await this.#reading;
  }

  /** `keys`, `changed ID,ID,…` or `refreshed NODE ID,ID,…` */
  #notified(payload: string): void {
    const [what, ...rest] = payload.split(' ');
    if (what === 'keys') this.#listeners.tell({ type: 'keys' });
    else if (what === 'changed') this.#read(rest[0]);
    else if (what === 'refreshed' && rest[0] !== this.node) this.#read(rest[1]);
  }

  #read(ids = ''): void {
    if (this.#listeners.empty) return;
    for (const id of ids.split(',')) if (isId(id)) this.#due.add(id);
    this.#reading ??= this.#readDue();
  }

  async #readDue(): Promise<void> {
    // What else comes with this goes along.
    await Promise.resolve();
    try {
      while (this.#due.size > 0) {
        const ids = Array.from(this.#due).slice(0, BATCH);
        for (const id of ids) this.#due.delete(id);
        await this.#tellOf(ids);
      }
    } catch (error) {
      // Listening anew ends with reading everything.
      this.#logger.debug(String(error));
      this.#due = new Set();
      this.#listener.interrupt();
    }
    // In the same breath: what comes from now on starts it again.
    this.#reading = undefined;
  }

  async #tellOf(ids: readonly string[]): Promise<void> {
    const rows = await this.#database.query<KiteRow>(SELECT_SOME, [ids]);
    const gone = new Set(ids);
    for (const row of rows) {
      gone.delete(row.id);
      this.#listeners.tell({ type: 'put', registration: registrationOf(row) });
    }
    for (const id of gone) this.#listeners.tell({ type: 'delete', id });
  }
}
