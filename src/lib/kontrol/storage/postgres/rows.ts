import type { Registration, StoredInvite, StoredKeyPair } from '../shared/storage.js';
import type { Statement } from './database.js';

/** Where nodes tell each other what they changed. */
export const CHANNEL = 'kontrol';

/**
 * Milliseconds from a kite's last sign of life until it has expired. Its row says when that was (`updated_at`), as the
 * reference does; the time at which it expires stands nowhere else.
 */
const LEASE = 90_000;

/** Ids that fit in one notification: it may have 8,000 bytes, and an id takes 37. */
const IDS = 200;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Whether a row can have this id: a UUID comes back in lower case, whatever case it was stored in. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** A row of `kite.kite`, with times in milliseconds since 1970. */
export interface KiteRow {
  readonly id: string;
  readonly username: string;
  readonly environment: string;
  readonly name: string;
  readonly version: string;
  readonly region: string;
  readonly hostname: string;
  readonly url: string;
  readonly key_id: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export function registrationOf(row: KiteRow): Registration {
  const { id, username, environment, name, version, region, hostname, url } = row;
  return {
    kite: { name, username, id, environment, region, version, hostname },
    url,
    keyId: row.key_id,
    registeredAt: Math.round(row.created_at),
    expiresAt: Math.round(row.updated_at) + LEASE,
  };
}

const milliseconds = (column: string): string =>
  `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`;

const KITE = `SELECT id, username, environment, kitename AS name, version, region, hostname, url, key_id,
  ${milliseconds('created_at')}, ${milliseconds('updated_at')} FROM kite.kite`;

/** $1: ids. Joined rather than compared: a scan of the table would compare each row with each id. */
export const SELECT_SOME: Statement = {
  name: 'some',
  text: `${KITE} JOIN unnest($1::uuid[]) AS wanted (id) USING (id)`,
};

/** A page of all kites. $1: the id after which it begins; $2: its length. */
export const SELECT_PAGE: Statement = { name: 'page', text: `${KITE} WHERE id > $1 ORDER BY id LIMIT $2` };

/** Less than the first id. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** A registration that is to be written, and the time by which it is told whether the id belongs to another user. */
export interface Put {
  readonly registration: Registration;
  readonly now: number;
}

/** What the statement `PUT` takes as $1. */
export function putRows(puts: readonly Put[]): string {
  const rows = puts.map(({ registration: { kite, url, keyId, registeredAt, expiresAt }, now }) => ({
    ...kite,
    url,
    key_id: keyId,
    created: registeredAt,
    updated: expiresAt - LEASE,
    // What had its last sign of life until then has expired.
    stale: now - LEASE,
  }));
  return JSON.stringify(rows);
}

/**
 * Writes kites, no id of them twice. One row comes back, with the ids that were written, or none.
 *
 * The row of another user that has not expired stays. The check is part of the write, and sees the row as the last one
 * to write it has left it.
 */
export const PUT: Statement = {
  name: 'put',
  text: `WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS given (
      id uuid, username text, environment text, name text, version text, region text, hostname text, url text,
      key_id uuid, created float8, updated float8, stale float8)
  ), written AS (
    INSERT INTO kite.kite AS kite
      (id, username, environment, kitename, version, region, hostname, url, key_id, created_at, updated_at)
    SELECT id, username, environment, name, version, region, hostname, url, key_id,
      to_timestamp(created / 1000), to_timestamp(updated / 1000)
    FROM given ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
      username = excluded.username, environment = excluded.environment, kitename = excluded.kitename,
      version = excluded.version, region = excluded.region, hostname = excluded.hostname, url = excluded.url,
      key_id = excluded.key_id, created_at = excluded.created_at, updated_at = excluded.updated_at
    WHERE kite.username = excluded.username
      OR kite.updated_at <= (SELECT to_timestamp(stale / 1000) FROM given WHERE given.id = excluded.id)
    RETURNING id
  ) SELECT array_agg(id::text) AS ids, pg_notify('${CHANNEL}', 'changed ' || string_agg(id::text, ','))
    FROM written HAVING count(*) > 0`,
};

/** How many kites `PUT` and `DELETE` take. */
export const WRITES = IDS;

/** Deletes kites where they are at these URLs. $1: JSON, a list of `{id, url}`, no id twice. */
export const DELETE: Statement = {
  name: 'delete',
  text: `WITH gone AS (
    DELETE FROM kite.kite AS kite USING json_to_recordset($1::json) AS given (id uuid, url text)
    WHERE kite.id = given.id AND kite.url = given.url
    RETURNING kite.id
  ) SELECT pg_notify('${CHANNEL}', 'changed ' || string_agg(id::text, ',')) FROM gone HAVING count(*) > 0`,
};

/** $1: ids; $2: when their kites expire, in milliseconds; $3: the node that says so. */
export const REFRESH: Statement = {
  name: 'refresh',
  text: `WITH refreshed AS (
    UPDATE kite.kite AS kite SET updated_at = to_timestamp(($2::float8 - ${LEASE}) / 1000)
    FROM unnest($1::uuid[]) AS wanted (id) WHERE kite.id = wanted.id
    RETURNING kite.id
  ), numbered AS (SELECT id, row_number() OVER () - 1 AS number FROM refreshed)
  SELECT pg_notify('${CHANNEL}', 'refreshed ' || $3 || ' ' || string_agg(id::text, ','))
    FROM numbered GROUP BY number / ${IDS}`,
};

/** Kites and invites that have expired. $1: when, for kites; $2: when, for invites; in milliseconds. */
export const SWEEP: Statement = {
  text: `WITH expired AS (
    SELECT id FROM kite.kite WHERE updated_at < to_timestamp(($1::float8 - ${LEASE}) / 1000)
    FOR UPDATE SKIP LOCKED
  ), kites AS (DELETE FROM kite.kite WHERE id IN (SELECT id FROM expired))
  DELETE FROM kite.invite WHERE expires_at <= to_timestamp($2::float8 / 1000)`,
};

/** A row of `kite.key`. */
export interface KeyRow {
  readonly id: string;
  readonly public: string;
  readonly private: string;
  readonly created_at: number;
  readonly state: StoredKeyPair['state'];
}

export const SELECT_KEYS: Statement = {
  text: `SELECT id, public, private, ${milliseconds('created_at')},
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN deleted_at IS NOT NULL THEN 'retired' ELSE 'active' END
      AS state
    FROM kite.key`,
};

/** $1 to $5: id, public key, private key, when it was made in milliseconds, state. A pair that is deleted was made before. */
export const PUT_KEY: Statement = {
  text: `WITH written AS (
    INSERT INTO kite.key AS key (id, public, private, created_at, deleted_at, revoked_at)
    SELECT id, public, private, made,
      CASE WHEN state <> 'active' THEN greatest(now(), made) END, CASE WHEN state = 'revoked' THEN now() END
    FROM (SELECT $1::uuid, $2::text, $3::text, to_timestamp($4::float8 / 1000), $5::text)
      AS given (id, public, private, made, state)
    ON CONFLICT (id) DO UPDATE SET
      public = excluded.public, private = excluded.private, created_at = excluded.created_at,
      deleted_at = CASE WHEN excluded.deleted_at IS NOT NULL
        THEN greatest(coalesce(key.deleted_at, excluded.deleted_at), excluded.created_at) END,
      revoked_at = CASE WHEN excluded.revoked_at IS NOT NULL
        THEN coalesce(key.revoked_at, excluded.revoked_at) END
  ) SELECT pg_notify('${CHANNEL}', 'keys')`,
};

/** Puts another text in the place of a private key that is still this one. $1: id; $2: the new one; $3: the old one. */
export const RESEAL_KEY: Statement = {
  text: 'UPDATE kite.key SET private = $2 WHERE id = $1 AND private = $3',
};

export const SELECT_REVOKED: Statement = { text: 'SELECT jti FROM kite.revoked_kite_key' };

export const REVOKE: Statement = {
  text: `WITH written AS (INSERT INTO kite.revoked_kite_key (jti) VALUES ($1) ON CONFLICT DO NOTHING)
    SELECT pg_notify('${CHANNEL}', 'keys')`,
};

/** $1 to $3: hash, user, when it expires in milliseconds. */
export const PUT_INVITE: Statement = {
  text: `INSERT INTO kite.invite (hash, username, expires_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000))
    ON CONFLICT (hash) DO UPDATE SET username = excluded.username, expires_at = excluded.expires_at`,
};

export const TAKE_INVITE: Statement = {
  text: `DELETE FROM kite.invite WHERE hash = $1 RETURNING username, ${milliseconds('expires_at')}`,
};

export interface InviteRow {
  readonly username: string;
  readonly expires_at: number;
}

export function inviteOf(hash: string, { username, expires_at }: InviteRow): StoredInvite {
  return { hash, username, expiresAt: Math.round(expires_at) };
}
