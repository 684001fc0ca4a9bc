import { KiteError } from '../../../protocol/errors.js';
import { systemClock } from '../../../util/clock.js';
import type { Logger } from '../../../util/logger.js';
import { lookupAddresses } from '../../../util/lookup-addresses.js';
import { type DeleteRequest, type PutRequest, unexpired } from '../shared/entries.js';
import { WriteBatch } from '../shared/write-batch.js';
import { PostgresChanges } from './postgres-changes.js';
import type { PostgresConfig } from './postgres-config.js';
import { Database } from './database.js';
import { migrate } from './migrations.js';
import {
  BEFORE_ALL,
  type CredentialRow,
  credentialFromRow,
  DELETE,
  DELETE_CREDENTIALS,
  DELETE_INVITES,
  type InviteRow,
  inviteFromRow,
  isUuid,
  type KeyRow,
  type KiteRow,
  PUT,
  PUT_CREDENTIALS,
  PUT_INVITE,
  PUT_KEY,
  putRows,
  REFRESH,
  registrationFromRow,
  RESEAL_KEY,
  REVOKE,
  SELECT_CREDENTIALS,
  SELECT_KEYS,
  SELECT_PAGE,
  SELECT_REVOKED,
  SILENCE,
  silentRows,
  SWEEP,
  SELECT_INVITES,
  TAKE_INVITE,
  TIME,
  NOTIFICATION_BATCH_SIZE,
} from './rows.js';
import { SealedKeyPairs, type KeyPairRecord } from '../shared/sealed-key-pairs.js';
import type {
  HeldEntry,
  PutResult,
  Registration,
  SilentMark,
  Storage,
  StorageChange,
  StorageTools,
  StoredCredential,
  StoredInvite,
  StoredKeyPair,
} from '../shared/storage.js';

/** Rows per page. */
const PAGE_SIZE = 10_000;

/**
 * A store in a PostgreSQL database, in the tables of the Go implementation and some additional ones. Nodes that share it are
 * notified of each other's changes. Opening the store applies pending migrations.
 */
export class PostgresStorage implements Storage {
  readonly name = 'postgres';
  readonly shared = true;
  readonly #database: Database;
  readonly #changes: PostgresChanges;
  readonly #keyPairs: SealedKeyPairs<KeyPairRecord>;
  /** Whether the time of the server can be compared with Kontrol's: not if that is the time of a test. */
  readonly #hasRealTime: boolean;
  readonly #logger: Logger;
  readonly #puts: WriteBatch<PutRequest, PutResult>;
  readonly #deletes: WriteBatch<DeleteRequest, void>;

  constructor(config: PostgresConfig, { clock, logger, lookup = lookupAddresses }: StorageTools) {
    this.#database = new Database(config, clock, lookup);
    this.#changes = new PostgresChanges(this.#database, clock, logger);
    this.#keyPairs = new SealedKeyPairs(config, {
      all: async () =>
        (await this.#database.query<KeyRow>(SELECT_KEYS)).map((row) => ({ pair: keyPairFromRow(row) })),
      put: async ({ id, publicKey, privateKey, createdAt, state }) =>
        void (await this.#database.query(PUT_KEY, [id, publicKey, privateKey, createdAt, state])),
      replace: async ({ pair }, privateKey) =>
        void (await this.#database.query(RESEAL_KEY, [pair.id, privateKey, pair.privateKey])),
    });
    this.#hasRealTime = clock === systemClock;
    this.#logger = logger;
    const shared = { size: NOTIFICATION_BATCH_SIZE, timeout: this.#database.timeout, clock };
    this.#puts = new WriteBatch({
      ...shared,
      keyOf: ({ registration }) => registration.kite.id,
      write: (requests, deadline) => this.#writePuts(requests, deadline),
    });
    this.#deletes = new WriteBatch({
      ...shared,
      keyOf: ({ id }) => id,
      write: (requests, deadline) => this.#writeDeletes(requests, deadline),
    });
  }

  get secrets(): 'encrypted' | 'plain' {
    return this.#keyPairs.secrets;
  }

  async open(): Promise<void> {
    await this.#database.open();
    try {
      // Before anything is written, because this finds out whether the database can be used.
      await this.#changes.open();
      const migrations = await migrate(this.#database);
      for (const name of migrations) this.#logger.info(`PostgreSQL: applied the migration "${name}"`);
      await this.#keyPairs.seal();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#puts.idle(), this.#deletes.idle()]);
    await Promise.all([this.#changes.close(), this.#database.close()]);
  }

  async ping(): Promise<number | undefined> {
    const [[row]] = await Promise.all([this.#database.query<{ time: number }>(TIME), this.#changes.check()]);
    return this.#hasRealTime ? row?.time : undefined;
  }

  async registrations(): Promise<Registration[]> {
    const registrations: Registration[] = [];
    let after = BEFORE_ALL;
    let rows: KiteRow[];
    do {
      rows = await this.#database.query<KiteRow>(SELECT_PAGE, [after, PAGE_SIZE]);
      for (const row of rows) registrations.push(registrationFromRow(row));
      after = rows.at(-1)?.id ?? after;
    } while (rows.length === PAGE_SIZE);
    return registrations;
  }

  /** Rejects with a KiteError `argumentError` if the kite's id is not a UUID in lower case, which its column requires. */
  put(registration: Registration, now: number, ifAbsent = false): Promise<PutResult> {
    const { id } = registration.kite;
    if (isUuid(id)) return this.#puts.add({ registration, now, ifAbsent });
    const message = `The kite's id ${JSON.stringify(id)} is not a UUID in lower case, which Kontrol's store requires`;
    return Promise.reject(new KiteError('argumentError', message));
  }

  async refresh(ids: readonly string[], expiresAt: number, node?: string): Promise<void> {
    await this.#database.query(REFRESH, [ids.filter(isUuid), expiresAt, this.#changes.node, node ?? null]);
  }

  async silence(marks: readonly SilentMark[]): Promise<void> {
    for (let start = 0; start < marks.length; start += NOTIFICATION_BATCH_SIZE)
      await this.#database.query(SILENCE, [silentRows(marks.slice(start, start + NOTIFICATION_BATCH_SIZE))]);
  }

  async delete(id: string, held: HeldEntry): Promise<void> {
    if (isUuid(id)) await this.#deletes.add({ id, ...held });
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

  async invites(): Promise<StoredInvite[]> {
    const rows = await this.#database.query<InviteRow & { hash: string }>(SELECT_INVITES);
    return rows.map((row) => inviteFromRow(row.hash, row));
  }

  async putInvite({ hash, username, expiresAt, keyTtl }: StoredInvite): Promise<void> {
    await this.#database.query(PUT_INVITE, [hash, username, expiresAt, keyTtl ?? null]);
  }

  async takeInvite(hash: string, now: number): Promise<StoredInvite | undefined> {
    const [row] = await this.#database.query<InviteRow>(TAKE_INVITE, [hash]);
    return unexpired(row && inviteFromRow(hash, row), now);
  }

  async deleteInvites(username: string): Promise<number> {
    return (await this.#database.query(DELETE_INVITES, [username])).length;
  }

  async credentials(username?: string): Promise<StoredCredential[]> {
    const rows = await this.#database.query<CredentialRow>(SELECT_CREDENTIALS, [username ?? null]);
    return rows.map(credentialFromRow);
  }

  async putCredentials(credentials: readonly StoredCredential[]): Promise<void> {
    await this.#database.query(PUT_CREDENTIALS, [JSON.stringify(credentials)]);
  }

  async deleteCredentials(ids: readonly string[]): Promise<void> {
    await this.#database.query(DELETE_CREDENTIALS, [ids]);
  }

  watch(listener: (change: StorageChange) => void): () => void {
    return this.#changes.watch(listener);
  }

  async #writePuts(requests: readonly PutRequest[], deadline: number): Promise<PutResult[]> {
    const [written] = await this.#database.query<{ ids: string[] }>(PUT, [putRows(requests)], deadline);
    const ids = new Set(written?.ids);
    return requests.map(({ registration }) => (ids.has(registration.kite.id) ? 'ok' : 'taken'));
  }

  async #writeDeletes(requests: readonly DeleteRequest[], deadline: number): Promise<void[]> {
    await this.#database.query(DELETE, [JSON.stringify(requests)], deadline);
    return requests.map(() => undefined);
  }
}

function keyPairFromRow({
  id,
  public: publicKey,
  private: privateKey,
  created_at,
  state,
}: KeyRow): StoredKeyPair {
  return { id, publicKey, privateKey, createdAt: Math.round(created_at), state };
}
