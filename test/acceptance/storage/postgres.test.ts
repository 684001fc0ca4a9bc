import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openingFailure, unavailable } from '../../helpers/storage/store-failures.js';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import type { PostgresConfig } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage, StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { PASSWORD, postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { idOf, NOW, PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const postgres = usePostgres();

function sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> {
  return postgres.server.sql<Row>(postgres.database, text, values);
}

async function opened(changes: Partial<PostgresConfig> = {}): Promise<Storage> {
  const storage = postgres.make(changes);
  await storage.open();
  onTestFinished(() => storage.close());
  return storage;
}

/** The error of opening a store. */
async function failure(changes: Partial<PostgresConfig>): Promise<unknown> {
  return openingFailure(postgres.make(changes));
}

describe.skipIf(!postgresInstalled)(`a PostgreSQL server that cannot be used${skipped}`, () => {
  it.each<[string, Partial<PostgresConfig>, RegExp]>([
    [
      'a wrong password',
      { password: 'wrong' },
      /does not accept the login of "postgres": .* Check the role and its password/,
    ],
    ['no password', { password: '' }, /requires a password for "postgres"/],
    [
      'an unknown role',
      { user: 'nobody' },
      /does not accept the login of "nobody": .* Check the role and its password/,
    ],
    ['an unknown database', { database: 'nowhere' }, /does not exist: .* Create it with createdb/],
    ['TLS that the server does not offer', { tls: true }, /does not support TLS\. .*--no-postgres-tls/],
    // Reaches this machine through a name that does not show it: TLS is the default.
    ['another host', { host: '0.0.0.0' }, /does not support TLS\. .*--no-postgres-tls/],
  ])('the error of the PostgreSQL store has a hint on %s', async (_, changes, message) => {
    const error = await failure(changes);
    expect(error).toMatchObject(unavailable(message));
    const { host, port, database } = { ...postgres.config, ...changes };
    expect((error as Error).message).toContain(`PostgreSQL at ${host}:${port}, database "${database}",`);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD);
  });

  it('the error of an unreachable PostgreSQL contains its address', async () => {
    const port = await freePort();
    expect(await failure({ port })).toMatchObject(unavailable(/cannot be reached: connect ECONNREFUSED/));
  });

  it('the PostgreSQL store rejects operations before it is opened and after it is closed', async () => {
    const storage = postgres.make();
    await expect(storage.ping()).rejects.toMatchObject(unavailable(/is not open/));
    await storage.open();
    await storage.close();
    await expect(storage.put(registration(), NOW)).rejects.toMatchObject(unavailable(/is not open/));
    await storage.close();
  });
});

describe.skipIf(!postgresInstalled)(`TLS to PostgreSQL${skipped}`, () => {
  /** Enables TLS on the server, and returns its certificate. */
  async function offerTls(host: string): Promise<string> {
    const keys = await testKeyPair(0);
    const certificate = await selfSignedCertificate({ hosts: [host], keys });
    await postgres.server.configure({
      ssl_cert_file: postgres.server.writeFile('server.crt', certificate),
      ssl_key_file: postgres.server.writeFile('server.key', keys.privateKey),
      ssl: 'on',
    });
    onTestFinished(() => postgres.server.configure({ ssl: 'off' }));
    const offered = async (): Promise<unknown> =>
      (await sql("SELECT current_setting('ssl') AS ssl"))[0]?.['ssl'];
    await expect.poll(offered).toBe('on');
    return certificate;
  }

  const encrypted = async (): Promise<unknown[]> =>
    (
      await sql(`SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'kontrol' AND datname = current_database()`)
    ).map(({ ssl }) => ssl);

  it('the PostgreSQL store uses TLS for every connection if the authority is known', async () => {
    const ca = await offerTls('127.0.0.1');
    const storage = await opened({ ca });
    await storage.ping();
    expect(await encrypted()).toEqual([true]);
  });

  it('the PostgreSQL store uses no TLS on loopback unless it is requested', async () => {
    await offerTls('127.0.0.1');
    const storage = await opened();
    await storage.ping();
    expect(await encrypted()).toEqual([false]);
  });

  it('the PostgreSQL store rejects an unknown authority and a certificate for another host', async () => {
    await offerTls('127.0.0.1');
    const refused = unavailable(/has a certificate that is not trusted: .*--postgres-ca/);
    expect(await failure({ tls: true })).toMatchObject(refused);
    const ca = await offerTls('db.example.com');
    expect(await failure({ tls: true, ca })).toMatchObject(refused);
  });
});

describe.skipIf(!postgresInstalled)(`values that PostgreSQL cannot store${skipped}`, () => {
  const argumentError = { name: 'KiteError', type: 'argumentError' };

  it.each(['id-1', '', 'ABCDEF00-0000-4000-8000-000000000001', '{00000000-0000-4000-8000-000000000001}'])(
    'the PostgreSQL store rejects the kite id %j with a reason and stays available',
    async (id) => {
      const storage = await opened();
      await storage.putKeyPair(PAIR);
      const outcomes = await Promise.allSettled([
        storage.put(registration({ id }), NOW),
        storage.put(registration(), NOW),
      ]);
      expect(outcomes).toMatchObject([{ reason: argumentError }, { value: 'ok' }]);
      await storage.refresh([id, idOf(1)], NOW + 100_000);
      await storage.delete(id, { url: registration().url });
      expect(await storage.registrations()).toEqual([registration({ expiresAt: NOW + 100_000 })]);
    },
  );

  it('the PostgreSQL store rejects an invalid pair id, invalid Unicode and a kite of an unknown pair with a reason', async () => {
    const storage = await opened();
    await expect(storage.putKeyPair({ ...PAIR, id: 'pair-1' })).rejects.toMatchObject(argumentError);
    await storage.putKeyPair(PAIR);
    const outcomes = await Promise.allSettled([
      storage.put(registration(), NOW),
      storage.put(registration({ id: idOf(2), url: 'http://\ud800/kite' }), NOW),
      storage.put(registration({ id: idOf(3), keyId: idOf(77) }), NOW),
      storage.put(registration({ id: idOf(4) }), NOW),
    ]);
    expect(outcomes).toMatchObject([
      { value: 'ok' },
      { reason: argumentError },
      { reason: argumentError },
      { value: 'ok' },
    ]);
    await expect(storage.revokeKiteKey('a\u0000b')).rejects.toMatchObject(argumentError);
    await storage.ping();
  });
});

const END_LISTENING = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND query LIKE 'LISTEN %'`;

function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(() => 'done', String);
}

describe.skipIf(!postgresInstalled)(`listening to PostgreSQL${skipped}`, () => {
  it('the PostgreSQL store listens again after its connection was terminated, and requests a full read', async () => {
    const storage = await opened();
    await storage.putKeyPair(PAIR);
    const changes: StorageChange[] = [];
    storage.watch((change) => changes.push(change));
    expect(await sql(END_LISTENING)).toHaveLength(1);
    await expect.poll(() => changes, { timeout: 5000 }).toContainEqual({ type: 'reload' });
    await storage.put(registration(), NOW);
    await expect.poll(() => changes).toContainEqual({ type: 'put', registration: registration() });
  });

  it('the ping of the PostgreSQL store fails while it cannot listen, and recovers', async () => {
    await sql(
      `CREATE ROLE limited LOGIN PASSWORD 'limited'; ALTER DATABASE ${postgres.database} OWNER TO limited`,
    );
    const storage = await opened({ user: 'limited', password: 'limited' });
    const changes: StorageChange[] = [];
    storage.watch((change) => changes.push(change));
    expect(await outcome(storage.registrations())).toBe('done');
    await sql('ALTER ROLE limited CONNECTION LIMIT 1');
    await sql(END_LISTENING);
    await expect
      .poll(() => outcome(storage.ping()))
      .toMatch(/does not accept more connections: .* "limited"/);
    // The statement of the ping may still use the only connection.
    await expect.poll(() => outcome(storage.registrations())).toBe('done');
    await sql('ALTER ROLE limited CONNECTION LIMIT -1');
    await expect.poll(() => outcome(storage.ping())).toBe('done');
    expect(changes).toContainEqual({ type: 'reload' });
  });

  it('the PostgreSQL store ignores notifications of other programs', async () => {
    const storage = await opened();
    await storage.putKeyPair(PAIR);
    const changes: StorageChange[] = [];
    storage.watch((change) => changes.push(change));
    for (const payload of ['', 'changed', 'changed x,,y', 'refreshed', 'refreshed z', 'nonsense 1 2 3'])
      await sql(`SELECT pg_notify('kontrol', $1)`, [payload]);
    await storage.put(registration(), NOW);
    const kites = (): unknown[] => changes.filter(({ type }) => type !== 'keys');
    await expect.poll(kites).toEqual([{ type: 'put', registration: registration() }]);
  });
});
