import type { PutRequest } from '../shared/entries.js';
import type {
  Registration,
  SilentMark,
  StoredCredential,
  StoredInvite,
  StoredKeyPair,
} from '../shared/storage.js';
import type { Statement } from './database.js';

/** The channel on which nodes notify each other of changes. */
export const CHANNEL = 'kontrol';

/**
 * Milliseconds from a kite's last heartbeat until it expires. Its row contains the time of the heartbeat (`updated_at`), as in
 * the Go implementation, and not the time at which it expires.
 */
const LEASE = 90_000;

/** Ids per notification, which is limited to 8,000 bytes. An id takes 37. */
const IDS_PER_NOTIFICATION = 200;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Returns whether a row can have this id. Only lower case is accepted, because PostgreSQL returns UUIDs in lower case. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
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
  readonly silent_since: number | null;
  readonly node: string | null;
}

export function registrationFromRow(row: KiteRow): Registration {
  const { id, username, environment, name, version, region, hostname, url, silent_since, node } = row;
  return {
    kite: { name, username, id, environment, region, version, hostname },
    url,
    keyId: row.key_id,
    registeredAt: Math.round(row.created_at),
    expiresAt: Math.round(row.updated_at) + LEASE,
    ...(silent_since !== null && { silentSince: Math.round(silent_since) }),
    ...(node !== null && { node }),
  };
}

const milliseconds = (column: string): string =>
  `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`;

// A kite that was put or refreshed since its mark is not silent any more, so that only `SILENCE` writes marks.
const SELECT_KITES = `SELECT kite.id, username, environment, kitename AS name, version, region, hostname, url, key_id,
  ${milliseconds('created_at')}, ${milliseconds('updated_at')}, ${milliseconds('silent_since')}, node
  FROM kite.kite AS kite
  LEFT JOIN kite.holder AS holder ON holder.id = kite.id
  LEFT JOIN kite.silent AS silent ON silent.id = kite.id AND silent.heard_at = kite.updated_at`;

/** Kites by id. $1: ids. A join, because `= ANY` would compare each row with each id in a scan of the table. */
export const SELECT_BY_ID: Statement = {
  name: 'by-id',
  text: `${SELECT_KITES} JOIN unnest($1::uuid[]) AS requested (id) ON requested.id = kite.id`,
};

/** A page of all kites. $1: the id after which it starts; $2: its size. */
export const SELECT_PAGE: Statement = {
  name: 'page',
  text: `${SELECT_KITES} WHERE kite.id > $1 ORDER BY kite.id LIMIT $2`,
};

/** An id that is less than those of all kites. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Returns the value of $1 of the statement `PUT`. */
export function putRows(requests: readonly PutRequest[]): string {
  const rows = requests.map(
    ({ registration: { kite, url, keyId, registeredAt, expiresAt, node }, now, ifAbsent }) => ({
      ...kite,
      url,
      node,
      absent: ifAbsent,
      key_id: keyId,
      created: registeredAt,
      updated: expiresAt - LEASE,
      // Rows that were last updated before this time have expired.
      stale: now - LEASE,
    }),
  );
  return JSON.stringify(rows);
}

/**
 * Writes kites with different ids. Returns one row with the ids that were written, or no row if none was.
 *
 * A row of another user that has not expired is not changed, nor any row if only an absent one is to be written. The check is
 * part of the upsert, so it sees the latest committed row.
 */
export const PUT: Statement = {
  name: 'put',
  text: `WITH input AS (
    SELECT * FROM json_to_recordset($1::json) AS input (
      id uuid, username text, environment text, name text, version text, region text, hostname text, url text,
      key_id uuid, created float8, updated float8, stale float8, node text, absent boolean)
  ), written AS (
    INSERT INTO kite.kite AS kite
      (id, username, environment, kitename, version, region, hostname, url, key_id, created_at, updated_at)
    SELECT id, username, environment, name, version, region, hostname, url, key_id,
      to_timestamp(created / 1000), to_timestamp(updated / 1000)
    FROM input ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
      username = excluded.username, environment = excluded.environment, kitename = excluded.kitename,
      version = excluded.version, region = excluded.region, hostname = excluded.hostname, url = excluded.url,
      key_id = excluded.key_id, created_at = excluded.created_at, updated_at = excluded.updated_at
    WHERE (SELECT NOT absent AND (kite.username = excluded.username OR kite.updated_at <= to_timestamp(stale / 1000))
      FROM input WHERE input.id = excluded.id)
    RETURNING id
  ), held AS (
    INSERT INTO kite.holder AS holder (id, node)
    SELECT id, node FROM written JOIN input USING (id) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET node = excluded.node WHERE holder.node IS DISTINCT FROM excluded.node
  ) SELECT array_agg(id::text) AS ids, pg_notify('${CHANNEL}', 'changed ' || string_agg(id::text, ','))
    FROM written HAVING count(*) > 0`,
};

/** Maximum number of kites in one `PUT`, `SILENCE` or `DELETE`, which send one notification. */
export const NOTIFICATION_BATCH_SIZE = IDS_PER_NOTIFICATION;

/**
 * Deletes kites that have these URLs and nodes. $1: a JSON array of `{id, url, node}` with different ids.
 *
 * Both rows of a kite are locked before it is deleted, so that a kite that moves to another node meanwhile stays.
 */
export const DELETE: Statement = {
  name: 'delete',
  text: `WITH input AS (
    SELECT * FROM json_to_recordset($1::json) AS input (id uuid, url text, node text)
  ), held AS (
    SELECT kite.id FROM kite.kite AS kite
    JOIN kite.holder AS holder ON holder.id = kite.id
    JOIN input ON input.id = kite.id
    WHERE kite.url = input.url AND (holder.node IS NULL OR holder.node = input.node)
    ORDER BY kite.id FOR UPDATE OF kite, holder
  ), unheld AS (
    SELECT kite.id FROM kite.kite AS kite JOIN input ON input.id = kite.id
    WHERE kite.url = input.url AND NOT EXISTS (SELECT FROM kite.holder AS holder WHERE holder.id = kite.id)
    ORDER BY kite.id FOR UPDATE OF kite
  ), deleted AS (
    DELETE FROM kite.kite AS kite USING (SELECT id FROM held UNION ALL SELECT id FROM unheld) AS due
    WHERE kite.id = due.id
    RETURNING kite.id
  ) SELECT pg_notify('${CHANNEL}', 'changed ' || string_agg(id::text, ',')) FROM deleted HAVING count(*) > 0`,
};

/**
 * Refreshes the kites of a node. $1: ids; $2: their new expiry time in milliseconds; $3: the id of this store in notifications;
 * $4: the node.
 *
 * A kite that moves to another node meanwhile has another `updated_at` when its row is locked, and is not refreshed.
 */
export const REFRESH: Statement = {
  name: 'refresh',
  text: `WITH held AS MATERIALIZED (
    SELECT kite.id, kite.updated_at FROM unnest($1::uuid[]) AS requested (id)
    JOIN kite.kite AS kite ON kite.id = requested.id
    LEFT JOIN kite.holder AS holder ON holder.id = kite.id
    WHERE holder.node IS NULL OR holder.node = $4::text
  ), refreshed AS (
    UPDATE kite.kite AS kite SET updated_at = to_timestamp(($2::float8 - ${LEASE}) / 1000)
    FROM held WHERE kite.id = held.id AND kite.updated_at = held.updated_at
    RETURNING kite.id
  ), numbered AS (SELECT id, row_number() OVER () - 1 AS number FROM refreshed)
  SELECT pg_notify('${CHANNEL}', 'refreshed ' || $3 || ' ' || string_agg(id::text, ','))
    FROM numbered GROUP BY number / ${IDS_PER_NOTIFICATION}`,
};

/** Returns the value of $1 of the statement `SILENCE`. */
export function silentRows(marks: readonly SilentMark[]): string {
  return JSON.stringify(
    marks
      .filter(({ id }) => isUuid(id))
      .map(({ id, silentSince, expiresAt, node }) => ({
        id,
        node,
        since: silentSince,
        heard: expiresAt - LEASE,
      })),
  );
}

/** Marks kites with different ids that were not put or refreshed since. $1: a JSON array of `{id, since, heard, node}`. */
export const SILENCE: Statement = {
  name: 'silence',
  text: `WITH due AS (
    SELECT kite.id, to_timestamp(since / 1000) AS silent_since, kite.updated_at AS heard_at
    FROM kite.kite AS kite
    JOIN json_to_recordset($1::json) AS input (id uuid, since float8, heard float8, node text)
      ON input.id = kite.id
    LEFT JOIN kite.holder AS holder ON holder.id = kite.id
    WHERE kite.updated_at <= to_timestamp(heard / 1000) AND (holder.node IS NULL OR holder.node = input.node)
    ORDER BY kite.id FOR KEY SHARE OF kite
  ), silenced AS (
    INSERT INTO kite.silent (id, silent_since, heard_at) SELECT id, silent_since, heard_at FROM due
    ON CONFLICT (id) DO UPDATE SET silent_since = excluded.silent_since, heard_at = excluded.heard_at
    RETURNING id
  ) SELECT pg_notify('${CHANNEL}', 'changed ' || string_agg(id::text, ',')) FROM silenced HAVING count(*) > 0`,
};

/** Deletes kites that expired before $1 and invites that expired before $2, both in milliseconds. */
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

/**
 * Writes a key pair. $1 to $5: id, public key, private key, creation time in milliseconds, state. `deleted_at` is never before
 * `created_at`, which a constraint requires.
 */
export const PUT_KEY: Statement = {
  text: `WITH written AS (
    INSERT INTO kite.key AS key (id, public, private, created_at, deleted_at, revoked_at)
    SELECT id, public, private, created,
      CASE WHEN state <> 'active' THEN greatest(now(), created) END, CASE WHEN state = 'revoked' THEN now() END
    FROM (SELECT $1::uuid, $2::text, $3::text, to_timestamp($4::float8 / 1000), $5::text)
      AS input (id, public, private, created, state)
    ON CONFLICT (id) DO UPDATE SET
      public = excluded.public, private = excluded.private, created_at = excluded.created_at,
      deleted_at = CASE WHEN excluded.deleted_at IS NOT NULL
        THEN greatest(coalesce(key.deleted_at, excluded.deleted_at), excluded.created_at) END,
      revoked_at = CASE WHEN excluded.revoked_at IS NOT NULL
        THEN coalesce(key.revoked_at, excluded.revoked_at) END
  ) SELECT pg_notify('${CHANNEL}', 'keys')`,
};

/** Replaces a private key if it has not changed meanwhile. $1: id; $2: the new one; $3: the old one. */
export const RESEAL_KEY: Statement = {
  text: 'UPDATE kite.key SET private = $2 WHERE id = $1 AND private = $3',
};

export const SELECT_REVOKED: Statement = { text: 'SELECT jti FROM kite.revoked_kite_key' };

export const REVOKE: Statement = {
  text: `WITH written AS (INSERT INTO kite.revoked_kite_key (jti) VALUES ($1) ON CONFLICT DO NOTHING)
    SELECT pg_notify('${CHANNEL}', 'keys')`,
};

/** The time of the server, in milliseconds since 1970. */
export const TIME: Statement = {
  text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time',
};

export const SELECT_INVITES: Statement = {
  text: `SELECT hash, username, ${milliseconds('expires_at')}, key_ttl FROM kite.invite`,
};

/** Writes an invite. $1 to $4: hash, username, expiry time and lifetime of the kite key in milliseconds. */
export const PUT_INVITE: Statement = {
  text: `INSERT INTO kite.invite (hash, username, expires_at, key_ttl)
    VALUES ($1, $2, to_timestamp($3::float8 / 1000), $4::float8)
    ON CONFLICT (hash) DO UPDATE SET
      username = excluded.username, expires_at = excluded.expires_at, key_ttl = excluded.key_ttl`,
};

export const TAKE_INVITE: Statement = {
  text: `DELETE FROM kite.invite WHERE hash = $1 RETURNING username, ${milliseconds('expires_at')}, key_ttl`,
};

/** Deletes the invites of a user. $1: username. */
export const DELETE_INVITES: Statement = {
  text: 'DELETE FROM kite.invite WHERE username = $1 RETURNING hash',
};

export interface InviteRow {
  readonly username: string;
  readonly expires_at: number;
  readonly key_ttl: number | null;
}

export function inviteFromRow(hash: string, { username, expires_at, key_ttl }: InviteRow): StoredInvite {
  const invite = { hash, username, expiresAt: Math.round(expires_at) };
  return key_ttl === null ? invite : { ...invite, keyTtl: key_ttl };
}

/** A row of `kite.credential`, with times in milliseconds since 1970. */
export interface CredentialRow {
  readonly id: string;
  readonly type: string;
  readonly username: string;
  readonly kite_key_id: string;
  readonly issued_at: number;
  readonly last_use: number | null;
  readonly ends_at: number | null;
}

/** Credentials of a user, or of all. $1: username or null. */
export const SELECT_CREDENTIALS: Statement = {
  text: `SELECT id, type, username, kite_key_id, ${milliseconds('issued_at')}, ${milliseconds('last_use')},
    ${milliseconds('ends_at')} FROM kite.credential WHERE $1::text IS NULL OR username = $1`,
};

/** Writes credentials with different ids. $1: a JSON array of them. */
export const PUT_CREDENTIALS: Statement = {
  text: `INSERT INTO kite.credential AS credential
      (id, type, username, kite_key_id, issued_at, last_use, ends_at)
    SELECT id, type, username, "kiteKeyId", to_timestamp("issuedAt" / 1000), to_timestamp("lastUse" / 1000),
      to_timestamp("endsAt" / 1000)
    FROM json_to_recordset($1::json) AS input (
      id text, type text, username text, "kiteKeyId" text, "issuedAt" float8, "lastUse" float8, "endsAt" float8)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
      last_use = greatest(credential.last_use, excluded.last_use),
      ends_at = greatest(credential.ends_at, excluded.ends_at)`,
};

/** Deletes credentials. $1: ids. */
export const DELETE_CREDENTIALS: Statement = {
  text: 'DELETE FROM kite.credential WHERE id = ANY ($1::text[])',
};

export function credentialFromRow(row: CredentialRow): StoredCredential {
  const { id, type, username, kite_key_id, issued_at, last_use, ends_at } = row;
  return {
    id,
    type: type === 'session' ? 'session' : 'kiteKey',
    username,
    kiteKeyId: kite_key_id,
    issuedAt: Math.round(issued_at),
    ...(last_use !== null && { lastUse: Math.round(last_use) }),
    ...(ends_at !== null && { endsAt: Math.round(ends_at) }),
  };
}
