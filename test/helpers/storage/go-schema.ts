// The schema of the Go Kontrol, and its statements.

/** The roles according to its instructions: the application is a member of the role with the permissions. */
export const GO_ROLES = `
  DO $$ BEGIN
    IF to_regrole('kontrol') IS NULL THEN
      CREATE ROLE kontrol;
      CREATE ROLE kontrolapplication LOGIN PASSWORD 'kontrolapplication' IN ROLE kontrol;
    END IF;
  END $$;`;

/** The schema of its last version. */
export const GO_SCHEMA = `
  ${GO_ROLES}
  CREATE SCHEMA kite;
  GRANT USAGE ON SCHEMA kite TO kontrol;
  CREATE TABLE kite.key (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    public text NOT NULL,
    private text NOT NULL,
    created_at timestamp(6) with time zone NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    deleted_at timestamp(6) with time zone,
    PRIMARY KEY (id),
    CONSTRAINT key_public_unique UNIQUE (public),
    CONSTRAINT key_private_unique UNIQUE (private),
    CONSTRAINT key_created_at_lte_deleted_at_check CHECK (created_at <= deleted_at)
  );
  GRANT SELECT, INSERT, UPDATE ON kite.key TO kontrol;
  CREATE UNLOGGED TABLE kite.kite (
    username text NOT NULL,
    environment text NOT NULL,
    kitename text NOT NULL,
    version text NOT NULL,
    region text NOT NULL,
    hostname text NOT NULL,
    id uuid PRIMARY KEY,
    url text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at timestamptz NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    key_id uuid NOT NULL,
    CONSTRAINT kite_key_id_fkey FOREIGN KEY (key_id) REFERENCES kite.key (id)
  );
  GRANT SELECT, INSERT, UPDATE, DELETE ON kite.kite TO kontrol;
  CREATE INDEX kite_updated_at_btree_idx ON kite.kite USING btree (updated_at DESC);
  CREATE INDEX kite_key_public_idx ON kite.key USING btree (public);
  CREATE INDEX kite_key_deleted_at_public_idx ON kite.key USING btree (deleted_at DESC NULLS FIRST, public);`;

/** The schema of its first version, without key pairs. */
export const FIRST_GO_SCHEMA = `
  CREATE SCHEMA kite;
  CREATE UNLOGGED TABLE kite.kite (
    username text NOT NULL,
    environment text NOT NULL,
    kitename text NOT NULL,
    version text NOT NULL,
    region text NOT NULL,
    hostname text NOT NULL,
    id uuid PRIMARY KEY,
    url text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at timestamptz NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
  );`;

/** $1 to $3: id, public key, private key. */
export const GO_ADDS_KEY = 'INSERT INTO kite.key (id, public, private) VALUES ($1, $2, $3)';

/** $1: id. */
export const GO_DELETES_KEY = `UPDATE kite.key SET deleted_at = (now() AT TIME ZONE 'utc') WHERE id = $1`;

/** $1 to $9, in the order of the columns. */
export const GO_ADDS_KITE = `INSERT INTO kite.kite
  (username, environment, kitename, version, region, hostname, id, url, key_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

/** $1 to $3: URL, id, key pair. */
export const GO_UPDATES_KITE = `UPDATE kite.kite
  SET url = $1, key_id = $3, updated_at = (now() AT TIME ZONE 'utc') WHERE id = $2`;
