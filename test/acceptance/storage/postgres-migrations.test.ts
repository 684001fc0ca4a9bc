import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import {
  FIRST_GO_SCHEMA,
  GO_ADDS_KEY,
  GO_ADDS_KITE,
  GO_DELETES_KEY,
  GO_SCHEMA,
  GO_UPDATES_KITE,
} from '../../helpers/storage/go-schema.js';
import { idOf, NOW, PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const postgres = usePostgres();

/** Runs SQL as the owner of the database. */
function sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> {
  return postgres.server.sql<Row>(postgres.database, text, values);
}

async function opened(changes: Parameters<typeof postgres.make>[0] = {}): Promise<Storage> {
  const storage = postgres.make(changes);
  await storage.open();
  onTestFinished(() => storage.close());
  return storage;
}

const tables = async (): Promise<unknown[]> =>
  (await sql(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'kite' ORDER BY 1`)).map(
    ({ table_name }) => table_name,
  );

const columnsOfKite = async (): Promise<unknown[]> =>
  (
    await sql(`SELECT column_name FROM information_schema.columns
      WHERE table_schema = 'kite' AND table_name = 'kite' ORDER BY ordinal_position`)
  ).map(({ column_name }) => column_name);

describe.skipIf(!postgresInstalled)(`an empty PostgreSQL database${skipped}`, () => {
  it('an empty database gets the tables at the first start, and does not change at the next', async () => {
    await opened();
    expect(await tables()).toEqual([
      'credential',
      'holder',
      'invite',
      'key',
      'kite',
      'migration',
      'revoked_kite_key',
      'silent',
    ]);
    const applied = await sql('SELECT * FROM kite.migration ORDER BY version');
    expect(applied.length).toBeGreaterThan(0);
    await opened();
    expect(await sql('SELECT * FROM kite.migration ORDER BY version')).toEqual(applied);
  });

  it('an empty database is migrated once by nodes that start at the same time', async () => {
    const nodes = await Promise.all([opened(), opened(), opened()]);
    await Promise.all(nodes.map((node) => node.ping()));
    const [counts] = await sql('SELECT count(*) = count(DISTINCT version) AS once FROM kite.migration');
    expect(counts).toEqual({ once: true });
  });

  it('an empty database stays empty if the migration fails', async () => {
    await sql('CREATE SCHEMA kite; CREATE TABLE kite.invite (mine text)');
    await expect(postgres.make().open()).rejects.toThrow('relation "invite" already exists');
    expect(await tables()).toEqual(['invite']);
    await sql('DROP TABLE kite.invite');
    await (await opened()).ping();
  });
});

describe.skipIf(!postgresInstalled)(`a PostgreSQL database of the Go implementation${skipped}`, () => {
  const [older, newer] = [idOf(101), idOf(102)];
  const kite = ['bob', 'prod', 'math', '1.0.0', 'eu', 'vm'];

  it('the database of the Go implementation keeps its kites and keys, and its tables become crash-safe', async () => {
    await sql(GO_SCHEMA);
    await sql(GO_ADDS_KEY, [older, 'OLDER PUBLIC', 'OLDER PRIVATE']);
    await sql(GO_ADDS_KEY, [newer, 'NEWER PUBLIC', 'NEWER PRIVATE']);
    await sql(GO_DELETES_KEY, [older]);
    await sql(GO_ADDS_KITE, [...kite, idOf(1), 'http://127.0.0.1:3636/kite', newer]);
    const columns = await columnsOfKite();
    const before = Date.now();
    const storage = await opened();
    const pairs = await storage.keyPairs();
    expect(pairs.toSorted((a, b) => a.id.localeCompare(b.id))).toMatchObject([
      { id: older, publicKey: 'OLDER PUBLIC', privateKey: 'OLDER PRIVATE', state: 'retired' },
      { id: newer, publicKey: 'NEWER PUBLIC', privateKey: 'NEWER PRIVATE', state: 'active' },
    ]);
    const [found] = await storage.registrations();
    const { kite: identity, url } = registration();
    expect(found).toMatchObject({ kite: identity, url, keyId: newer });
    // It has a lease in which to send a heartbeat.
    expect(found?.expiresAt).toBeGreaterThanOrEqual(before + 89_000);
    expect(await storage.put(registration({ id: idOf(2), keyId: newer }), NOW)).toBe('ok');
    await postgres.server.kill();
    await postgres.server.start();
    const again = await (await opened()).registrations();
    expect(again.map(({ kite: { id } }) => id)).toEqual([idOf(1), idOf(2)]);
    // The Go implementation reads every column by its position.
    expect(await columnsOfKite()).toEqual(columns);
  });

  it('the migrated database still works with the Go implementation', async () => {
    await sql(GO_SCHEMA);
    const storage = await opened();
    await sql(GO_ADDS_KEY, [newer, 'PUBLIC', 'PRIVATE']);
    await sql(GO_ADDS_KITE, [...kite, idOf(1), 'http://127.0.0.1:1/kite', newer]);
    await sql(GO_UPDATES_KITE, ['http://127.0.0.1:2/kite', idOf(1), newer]);
    await sql(GO_DELETES_KEY, [newer]);
    const [found] = await storage.registrations();
    expect(found).toMatchObject({ url: 'http://127.0.0.1:2/kite', keyId: newer });
    expect(await storage.keyPairs()).toMatchObject([{ id: newer, state: 'retired' }]);
  });

  it('the database of the first Go version, which has no keys, is migrated', async () => {
    await sql(FIRST_GO_SCHEMA);
    await sql(`INSERT INTO kite.kite (username, environment, kitename, version, region, hostname, id, url)
      VALUES ('bob', 'prod', 'math', '1.0.0', 'eu', 'vm', '${idOf(1)}', 'http://127.0.0.1/kite')`);
    const storage = await opened();
    await storage.putKeyPair(PAIR);
    expect(await storage.put(registration(), NOW)).toBe('ok');
    expect(await storage.registrations()).toEqual([registration()]);
  });

  it('a migrated database works with the permissions of the Go implementation', async () => {
    await sql(GO_SCHEMA);
    const application = { user: 'kontrolapplication', password: 'kontrolapplication' };
    await expect(postgres.make(application).open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /needs a migration, which "kontrolapplication" is not allowed to apply: .*Start Kontrol once as the owner/,
      ) as string,
    });
    await opened();
    const storage = await opened(application);
    await storage.putKeyPair(PAIR);
    await storage.putKeyPair({ ...PAIR, state: 'revoked' });
    expect(await storage.put(registration(), NOW)).toBe('ok');
    expect(await storage.put(registration({ username: 'alice' }), NOW)).toBe('taken');
    await storage.refresh([idOf(1)], NOW + 100_000);
    await storage.delete(idOf(1), { url: registration().url });
    await storage.revokeKiteKey('jti');
    await storage.putInvite({ hash: 'hash', username: 'bob', expiresAt: NOW });
    expect(await storage.takeInvite('hash', NOW - 1)).toBeDefined();
    await storage.sweep(NOW);
    await storage.ping();
  });
});

describe.skipIf(!postgresInstalled)(`private keys in PostgreSQL${skipped}`, () => {
  const stored = async (): Promise<unknown> => (await sql('SELECT private FROM kite.key'))[0]?.['private'];

  it('private keys in PostgreSQL are plain without a secret, and the store reports it', async () => {
    const storage = await opened();
    await storage.putKeyPair(PAIR);
    expect(storage.secrets).toBe('plain');
    expect(await stored()).toBe(PAIR.privateKey);
  });

  it('private keys in PostgreSQL are encrypted with a secret, plain ones included, and unreadable with another', async () => {
    await (await opened()).putKeyPair(PAIR);
    const storage = await opened({ secret: 'a secret' });
    expect(storage.secrets).toBe('encrypted');
    const sealed = await stored();
    expect(sealed).toMatch(/^sealed:/);
    expect(await storage.keyPairs()).toEqual([PAIR]);
    await storage.putKeyPair({ ...PAIR, state: 'retired' });
    expect(await stored()).toMatch(/^sealed:/);
    const again = await opened({ secret: 'a secret' });
    expect(await again.keyPairs()).toEqual([{ ...PAIR, state: 'retired' }]);
    for (const secret of ['another', '']) {
      await expect((await opened({ secret })).keyPairs()).rejects.toMatchObject({ code: 'broken' });
    }
  });

  it('private keys in PostgreSQL have no maximum length', async () => {
    const storage = await opened({ secret: 'a secret' });
    const long = { ...PAIR, privateKey: 'x'.repeat(13_000), publicKey: 'y'.repeat(2000) };
    await storage.putKeyPair(long);
    expect(await storage.keyPairs()).toEqual([long]);
  });

  it('errors of PostgreSQL do not contain private keys', async () => {
    const storage = await opened();
    await storage.putKeyPair(PAIR);
    const error: unknown = await storage.putKeyPair({ ...PAIR, id: idOf(9) }).catch((e: unknown) => e);
    expect(error).toMatchObject({ type: 'argumentError' });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PAIR.privateKey);
  });
});
