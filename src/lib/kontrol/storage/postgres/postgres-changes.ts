import { errorText } from '../../../util/message-of.js';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { ChangeListeners } from '../shared/change-listeners.js';
import type { StorageChange } from '../shared/storage.js';
import type { Database } from './database.js';
import { NotificationListener } from './notification-listener.js';
import { CHANNEL, isUuid, type KiteRow, registrationFromRow, SELECT_BY_ID } from './rows.js';

/** Rows per statement. */
const BATCH_SIZE = 1000;

/**
 * Converts notifications of the database to changes of a store. A notification contains only the ids of the changed kites,
 * because its size is limited. Their current rows are then read, so the last reported change of a kite is its current state.
 *
 * Heartbeats that this node wrote itself are not reported: there are many, and the node already has the new expiry times.
 */
export class PostgresChanges {
  /** Id of this node in notifications. */
  readonly node = randomBytes(6).toString('hex');
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #listener: NotificationListener;
  readonly #listeners = new ChangeListeners();
  /** Ids of changed kites whose rows were not read yet. */
  #pendingIds = new Set<string>();
  #reading: Promise<void> | undefined;

  constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    this.#listener = new NotificationListener({
      database,
      channel: CHANNEL,
      clock,
      logger,
      onNotification: (payload) => this.#onNotification(payload),
      onResumed: () => {
        database.renew();
        this.#listeners.notify({ type: 'reload' });
      },
    });
  }

  /** Starts listening. Rejects with a StorageError, also if notifications do not arrive. */
  open(): Promise<void> {
    return this.#listener.open(this.#database.config.connectTimeout);
  }

  /** Resolves if notifications are being received. */
  check(): Promise<void> {
    return this.#listener.check();
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.#listeners.clear();
    this.#pendingIds.clear();
    await this.#reading;
  }

  /** Handles `keys`, `changed ID,ID,…` and `refreshed NODE ID,ID,…`. */
  #onNotification(payload: string): void {
    const [type, ...rest] = payload.split(' ');
    if (type === 'keys') this.#listeners.notify({ type: 'keys' });
    else if (type === 'changed') this.#enqueue(rest[0]);
    else if (type === 'refreshed' && rest[0] !== this.node) this.#enqueue(rest[1]);
  }

  #enqueue(ids = ''): void {
    if (this.#listeners.isEmpty) return;
    for (const id of ids.split(',')) if (isUuid(id)) this.#pendingIds.add(id);
    this.#reading ??= this.#readPending();
  }

  async #readPending(): Promise<void> {
    // Includes the notifications of the current turn of the event loop.
    await Promise.resolve();
    try {
      while (this.#pendingIds.size > 0) {
        const ids = Array.from(this.#pendingIds).slice(0, BATCH_SIZE);
        for (const id of ids) this.#pendingIds.delete(id);
        await this.#notifyChanges(ids);
      }
    } catch (error) {
      // The listener resumes, and the store is then loaded again.
      this.#logger.debug(errorText(error));
      this.#pendingIds = new Set();
      this.#listener.interrupt();
    }
    // No `await` since the set was empty: later notifications start the reading again.
    this.#reading = undefined;
  }

  async #notifyChanges(ids: readonly string[]): Promise<void> {
    const rows = await this.#database.query<KiteRow>(SELECT_BY_ID, [ids]);
    const deleted = new Set(ids);
    for (const row of rows) {
      deleted.delete(row.id);
      this.#listeners.notify({ type: 'put', registration: registrationFromRow(row) });
    }
    for (const id of deleted) this.#listeners.notify({ type: 'delete', id });
  }
}
