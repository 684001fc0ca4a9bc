import type { Database, Session } from './database.js';
import { isStorageError, StorageError } from '../shared/storage.js';
import { nameOf } from './postgres-config.js';

/** A change to the schema. One that was applied is never edited: what is to change afterwards is a new one. */
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * The tables of the reference keep their columns, so that it could go on with them: it reads all columns of `kite.kite` by
 * their order. What Kontrol keeps beyond that stands in columns that it does not read, and in tables of its own.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'the tables of the reference',
    sql: `
      DO $$ BEGIN
        IF to_regnamespace('kite') IS NULL THEN CREATE SCHEMA kite; END IF;
      END $$;
      CREATE TABLE IF NOT EXISTS kite.key (
        id uuid NOT NULL PRIMARY KEY,
        public text NOT NULL CONSTRAINT key_public_unique UNIQUE,
        private text NOT NULL CONSTRAINT key_private_unique UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        CONSTRAINT key_created_at_lte_deleted_at_check CHECK (created_at <= deleted_at)
      );
      CREATE TABLE IF NOT EXISTS kite.kite (
        username text NOT NULL,
        environment text NOT NULL,
        kitename text NOT NULL,
        version text NOT NULL,
        region text NOT NULL,
        hostname text NOT NULL,
        id uuid PRIMARY KEY,
        url text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        key_id uuid NOT NULL CONSTRAINT kite_key_id_fkey REFERENCES kite.key (id)
      );
      DO $$ BEGIN
        IF NOT EXISTS (
          SELECT FROM pg_attribute WHERE attrelid = 'kite.kite'::regclass AND attname = 'key_id' AND NOT attisdropped
        ) THEN
          -- Its first version knew no key pairs. The kites register again.
          DELETE FROM kite.kite;
          ALTER TABLE kite.kite
            ADD COLUMN key_id uuid NOT NULL CONSTRAINT kite_key_id_fkey REFERENCES kite.key (id);
        END IF;
      END $$;
      CREATE INDEX IF NOT EXISTS kite_updated_at_btree_idx ON kite.kite (updated_at DESC);`,
  },
  {
    version: 2,
    name: 'kites survive a crash of the server',
    // The reference writes times that are off by the time zone of the server. Each kite gets a lease to be heard of.
    sql: `
      DO $$ BEGIN
        IF (SELECT relpersistence FROM pg_class WHERE oid = 'kite.kite'::regclass) = 'u' THEN
          ALTER TABLE kite.kite SET LOGGED;
        END IF;
      END $$;
      UPDATE kite.kite SET updated_at = now();`,
  },
  {
    version: 3,
    name: 'key pairs and kite keys can be revoked; invites',
    sql: `
      ALTER TABLE kite.key ADD COLUMN revoked_at timestamptz;
      CREATE TABLE kite.revoked_kite_key (
        jti text PRIMARY KEY,
        revoked_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE kite.invite (
        hash text PRIMARY KEY,
        username text NOT NULL,
        expires_at timestamptz NOT NULL
      );`,
  },
  {
    version: 4,
    name: 'private keys of any length',
    // An index of a B-tree holds no text of more than 2,704 bytes, which a key of 4,096 bits has, or one of 3,072 encrypted.
    sql: `
      ALTER TABLE kite.key DROP CONSTRAINT IF EXISTS key_private_unique;
      ALTER TABLE kite.key ADD CONSTRAINT key_private_unique EXCLUDE USING hash (private WITH =);`,
  },
  {
    version: 5,
    name: 'whoever may use the tables of the reference may use the others',
    sql: `
      DO $$ DECLARE reader regrole; BEGIN
        FOR reader IN
          SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
          WHERE oid = 'kite.kite'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, relowner)
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON kite.revoked_kite_key, kite.invite TO %s', reader);
          EXECUTE format('GRANT SELECT ON kite.migration TO %s', reader);
        END LOOP;
      END $$;`,
  },
];

/** Milliseconds that all migrations may take: some write a whole table anew, or wait for those who use it. */
const TIMEOUT = 60_000;

// Nodes that start at the same time do it one after the other. The numbers mean nothing; others are not to use them.
const LOCK = 'SELECT pg_advisory_xact_lock(1802073189, 1802399600)';

const TABLE = `
  DO $$ BEGIN
    IF to_regnamespace('kite') IS NULL THEN CREATE SCHEMA kite; END IF;
  END $$;
  CREATE TABLE IF NOT EXISTS kite.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );`;

/**
 * Brings the schema up to date: all of it, or nothing. Returns the names of the migrations that were applied; where the
 * schema is up to date it takes no more than the right to read.
 *
 * @throws StorageError
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const { connectTimeout } = database.config;
  const session = await database.connect(connectTimeout, TIMEOUT);
  try {
    const missing = await missingOf(session, database.timeout);
    return missing.length === 0 ? [] : await apply(session);
  } catch (error) {
    throw withAdvice(database, error);
  } finally {
    session.destroy();
  }
}

async function missingOf(session: Session, ms: number): Promise<readonly Migration[]> {
  const [table] = await session.query<{ there: boolean }>(
    "SELECT to_regclass('kite.migration') IS NOT NULL AS there",
    [],
    ms,
  );
  if (!table?.there) return MIGRATIONS;
  const applied = await session.query<{ version: number }>('SELECT version FROM kite.migration', [], ms);
  const versions = new Set(applied.map(({ version }) => version));
  return MIGRATIONS.filter(({ version }) => !versions.has(version));
}

async function apply(session: Session): Promise<readonly string[]> {
  // Whoever stands still with the lock is ended.
  await session.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT}`, [], TIMEOUT);
  await session.query('BEGIN', [], TIMEOUT);
  await session.query(LOCK, [], TIMEOUT);
  await session.query(TABLE, [], TIMEOUT);
  // Another node may have been faster.
  const missing = await missingOf(session, TIMEOUT);
  for (const { version, name, sql } of missing) {
    await session.query(sql, [], TIMEOUT);
    await session.query(
      'INSERT INTO kite.migration (version, name) VALUES ($1, $2)',
      [version, name],
      TIMEOUT,
    );
  }
  await session.query('COMMIT', [], TIMEOUT);
  return missing.map(({ name }) => name);
}

function withAdvice({ config }: Database, error: unknown): unknown {
  if (!isStorageError(error) || !/must be owner|permission denied/.test(error.message)) return error;
  const message =
    `${nameOf(config)} has to be prepared for this version, and ${JSON.stringify(config.user)} may not do that: ` +
    `${error.message.replace(/^.*?: /, '')}. Start Kontrol once as the owner of the tables, or of the database`;
  return new StorageError('unavailable', message);
}
