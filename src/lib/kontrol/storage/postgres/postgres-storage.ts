import { KiteError } from '../../../protocol/errors.js';
import type { Logger } from '../../../util/logger.js';
import { lookupAddresses } from '../../../util/lookup-addresses.js';
import { unexpired } from '../shared/entries.js';
import { WriteBatch } from '../shared/write-batch.js';
import { PostgresChanges } from './postgres-changes.js';
import type { PostgresConfig } from './postgres-config.js';
import { Database } from './database.js';
import { migrate } from './migrations.js';
import {
  BEFORE_ALL,
  DELETE,
  type InviteRow,
  inviteOf,
  isId,
  type KeyRow,
  type KiteRow,
  type Put,
  PUT,
  PUT_INVITE,
  PUT_KEY,
  putRows,
  REFRESH,
  registrationOf,
  RESEAL_KEY,
  REVOKE,
  SELECT_KEYS,
  SELECT_PAGE,
  SELECT_REVOKED,
  SWEEP,
  TAKE_INVITE,
  WRITES,
} from './rows.js';
import { SealedKeyPairs, type StoredPair } from '../shared/sealed-key-pairs.js';
import type {
  PutResult,
  Registration,
  Storage,
  StorageChange,
  StorageTools,
  StoredInvite,
  StoredKeyPair,
} from '../shared/storage.js';

/** Rows that are read at once. */
const PAGE = 10_000;

interface Place {
  readonly id: string;
  readonly url: string;
}

/**
 * Keeps everything in a PostgreSQL database, in the tables of the reference and some beside them; nodes that share it hear
 * of each other's changes. Opening it makes what is missing in the schema.
 */
export class PostgresStorage implements Storage {
  readonly name = 'postgres';
  readonly #database: Database;
  readonly #changes: PostgresChanges;
  readonly #keyPairs: SealedKeyPairs<StoredPair>;
  readonly #logger: Logger;
  readonly #puts: WriteBatch<Put, PutResult>;
  readonly #deletes: WriteBatch<Place, void>;

  constructor(config: PostgresConfig, { clock, logger, lookup = lookupAddresses }: StorageTools) {
    this.#database = new Database(config, clock, lookup);
    this.#changes = new PostgresChanges(this.#database, clock, logger);
    this.#keyPairs = new SealedKeyPairs(config, {
      all: async () =>
        (await this.#database.query<KeyRow>(SELECT_KEYS)).map((row) => ({ pair: pairOf(row) })),
      put: async ({ id, publicKey, privateKey, createdAt, state }) =>
        void (await this.#database.query(PUT_KEY, [id, publicKey, privateKey, createdAt, state])),
      replace: async ({ pair }, privateKey) =>
        void (await this.#database.query(RESEAL_KEY, [pair.id, privateKey, pair.privateKey])),
    });
    this.#logger = logger;
    const shared = { size: WRITES, timeout: this.#database.timeout, clock };
    this.#puts = new WriteBatch({
      ...shared,
      keyOf: ({ registration }) => registration.kite.id,
      write: (puts, until) => this.#writePuts(puts, until),
    });
    this.#deletes = new WriteBatch({
      ...shared,
      keyOf: ({ id }) => id,
      write: (places, until) => this.#writeDeletes(places, until),
    });
  }

  get secrets(): 'encrypted' | 'plain' {
    return this.#keyPairs.secrets;
  }

  async open(): Promise<void> {
    await this.#database.open();
    try {
      const migrations = await migrate(this.#database);
      for (const name of migrations) this.#logger.info(`PostgreSQL: applied the migration "${name}"`);
      await this.#keyPairs.seal();
      await this.#changes.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#puts.idle(), this.#deletes.idle()]);
    await Promise.all([this.#changes.close(), this.#database.close()]);
  }

  async ping(): Promise<void> {
    await Promise.all([this.#database.query({ text: 'SELECT 1' }), this.#changes.check()]);
  }

  async registrations(): Promise<Registration[]> {
    const registrations: Registration[] = [];
    let after = BEFORE_ALL;
    let rows: KiteRow[];
    do {
      rows = await this.#database.query<KiteRow>(SELECT_PAGE, [after, PAGE]);
      for (const row of rows) registrations.push(registrationOf(row));
      after = rows.at(-1)?.id ?? after;
    } while (rows.length === PAGE);
    return registrations;
  }

  /** Rejects with a KiteError `argumentError` where the kite's id is no UUID in lower case: the tables hold no other. */
  put(registration: Registration, now: number): Promise<PutResult> {
    const { id } = registration.kite;
    if (isId(id)) return this.#puts.add({ registration, now });
    const message = `The kite's id ${JSON.stringify(id)} is not a UUID in lower case, which Kontrol's store requires`;
    return Promise.reject(new KiteError('argumentError', message));
  }

  async refresh(ids: readonly string[], expiresAt: number): Promise<void> {
    await this.#database.query(REFRESH, [ids.filter(isId), expiresAt, this.#changes.node]);
  }

  async delete(id: string, url: string): Promise<void> {
    if (isId(id)) await this.#deletes.add({ id, url });
  }

  async sweep(now: number): Promise<void> {
    await this.#database.query(SWEEP, [now, now]);
  }

  keyPairs(): Promise<StoredKeyPair[]> {
    return this.#keyPairs.all();
  }

  putKeyPair(pair: StoredKeyPair): Promise<void> {
    return this.#keyPairs.put(pair);
  }

  reseal(): Promise<string[]> {
    return this.#keyPairs.reseal();
  }

  async revokedKiteKeys(): Promise<string[]> {
    return (await this.#database.query<{ jti: string }>(SELECT_REVOKED)).map(({ jti }) => jti);
  }

  async revokeKiteKey(jti: string): Promise<void> {
    await this.#database.query(REVOKE, [jti]);
  }

  async putInvite({ hash, username, expiresAt }: StoredInvite): Promise<void> {
    await this.#database.query(PUT_INVITE, [hash, username, expiresAt]);
  }

  async takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    const [row] = await this.#database.query<InviteRow>(TAKE_INVITE, [hash]);
    return unexpired(row && inviteOf(hash, row), now);
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#changes.watch(listener);
  }

  async #writePuts(puts: readonly Put[], until: number): Promise<PutResult[]> {
    const [written] = await this.#database.query<{ ids: string[] }>(PUT, [putRows(puts)], until);
    const ids = new Set(written?.ids);
    return puts.map(({ registration }) => (ids.has(registration.kite.id) ? 'ok' : 'taken'));
  }

  async #writeDeletes(places: readonly Place[], until: number): Promise<void[]> {
    await this.#database.query(DELETE, [JSON.stringify(places)], until);
    return places.map(() => undefined);
  }
}

function pairOf({ id, public: publicKey, private: privateKey, created_at, state }: KeyRow): StoredKeyPair {
  return { id, publicKey, privateKey, createdAt: Math.round(created_at), state };
}
