import type { Database, DatabaseSession } from './database.js';
import { isStorageError, StorageError } from '../shared/storage.js';
import { databaseName } from './postgres-config.js';

/** A change to the schema. An applied migration is never edited; further changes are new migrations. */
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * The tables of the Go implementation keep their columns, so that it can still use them: it reads all columns of `kite.kite`
 * in order. Additional data is in columns that it does not read, and in separate tables.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'the tables of the Go implementation',
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
          -- Its first version did not have key pairs. The kites register again.
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
    // The Go implementation writes times that are off by the time zone of the server. Each kite gets a new lease.
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
    // A B-tree index is limited to values of 2,704 bytes. A key of 4,096 bits, or an encrypted one of 3,072, is longer.
    sql: `
      ALTER TABLE kite.key DROP CONSTRAINT IF EXISTS key_private_unique;
      ALTER TABLE kite.key ADD CONSTRAINT key_private_unique EXCLUDE USING hash (private WITH =);`,
  },
  {
    version: 5,
    name: 'grants on the tables of the Go implementation apply to the others',
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
  {
    version: 6,
    name: 'kite keys can expire; kite keys and sessions are recorded',
    sql: `
      ALTER TABLE kite.invite ADD COLUMN key_ttl double precision;
      CREATE TABLE kite.credential (
        id text PRIMARY KEY,
        type text NOT NULL,
        username text NOT NULL,
        kite_key_id text NOT NULL,
        issued_at timestamptz NOT NULL,
        last_use timestamptz,
        ends_at timestamptz
      );
      CREATE INDEX credential_username_idx ON kite.credential (username);
      DO $$ DECLARE reader regrole; BEGIN
        FOR reader IN
          SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
          WHERE oid = 'kite.kite'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, relowner)
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON kite.credential TO %s', reader);
        END LOOP;
      END $$;`,
  },
  {
    version: 7,
    name: 'kites whose connection to Kontrol has dropped',
    // A mark counts while `heard_at` is `updated_at` of the kite: each registration and heartbeat ends it.
    sql: `
      CREATE TABLE kite.silent (
        id uuid PRIMARY KEY REFERENCES kite.kite (id) ON DELETE CASCADE,
        silent_since timestamptz NOT NULL,
        heard_at timestamptz NOT NULL
      );
      DO $$ DECLARE reader regrole; BEGIN
        FOR reader IN
          SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
          WHERE oid = 'kite.kite'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, relowner)
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON kite.silent TO %s', reader);
        END LOOP;
      END $$;`,
  },
  {
    version: 8,
    name: 'the node that each kite has registered at',
    sql: `
      CREATE TABLE kite.holder (
        id uuid PRIMARY KEY REFERENCES kite.kite (id) ON DELETE CASCADE,
        node text
      );
      DO $$ DECLARE reader regrole; BEGIN
        FOR reader IN
          SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
          WHERE oid = 'kite.kite'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, relowner)
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON kite.holder TO %s', reader);
        END LOOP;
      END $$;`,
  },
];

/** Timeout of each statement of a migration, in milliseconds. Some rewrite a table, or wait for its lock. */
const MIGRATION_TIMEOUT = 60_000;

// Serializes nodes that start at the same time. The numbers are arbitrary.
const LOCK = 'SELECT pg_advisory_xact_lock(1802073189, 1802399600)';

const CREATE_TABLE = `
  DO $$ BEGIN
    IF to_regnamespace('kite') IS NULL THEN CREATE SCHEMA kite; END IF;
  END $$;
  CREATE TABLE IF NOT EXISTS kite.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );`;

/**
 * Applies the pending migrations in one transaction, and returns their names. If the schema is up to date, read access is
 * sufficient.
 *
 * @throws StorageError
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const { connectTimeout } = database.config;
  const session = await database.connect(connectTimeout, MIGRATION_TIMEOUT);
  try {
    const pending = await findPending(session, database.timeout);
    return pending.length === 0 ? [] : await apply(session);
  } catch (error) {
    throw withHint(database, error);
  } finally {
    session.destroy();
  }
}

async function findPending(session: DatabaseSession, ms: number): Promise<readonly Migration[]> {
  const [table] = await session.query<{ present: boolean }>(
    "SELECT to_regclass('kite.migration') IS NOT NULL AS present",
    [],
    ms,
  );
  if (!table?.present) return MIGRATIONS;
  const applied = await session.query<{ version: number }>('SELECT version FROM kite.migration', [], ms);
  const versions = new Set(applied.map(({ version }) => version));
  return MIGRATIONS.filter(({ version }) => !versions.has(version));
}

async function apply(session: DatabaseSession): Promise<readonly string[]> {
  // The server ends a session that is idle while it has the lock.
  await session.query(
    `SET idle_in_transaction_session_timeout = ${MIGRATION_TIMEOUT}`,
    [],
    MIGRATION_TIMEOUT,
  );
  await session.query('BEGIN', [], MIGRATION_TIMEOUT);
  await session.query(LOCK, [], MIGRATION_TIMEOUT);
  await session.query(CREATE_TABLE, [], MIGRATION_TIMEOUT);
  // Another node may have applied them meanwhile.
  const pending = await findPending(session, MIGRATION_TIMEOUT);
  for (const { version, name, sql } of pending) {
    await session.query(sql, [], MIGRATION_TIMEOUT);
    await session.query(
      'INSERT INTO kite.migration (version, name) VALUES ($1, $2)',
      [version, name],
      MIGRATION_TIMEOUT,
    );
  }
  await session.query('COMMIT', [], MIGRATION_TIMEOUT);
  return pending.map(({ name }) => name);
}

function withHint({ config }: Database, error: unknown): unknown {
  if (!isStorageError(error) || !/must be owner|permission denied/.test(error.message)) return error;
  const message =
    `${databaseName(config)} needs a migration, which ${JSON.stringify(config.user)} is not allowed to apply: ` +
    `${error.message.replace(/^.*?: /, '')}. Start Kontrol once as the owner of the tables or of the database`;
  return new StorageError('unavailable', message);
}
