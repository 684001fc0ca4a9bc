import { describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresConfig } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { StorageChange } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { pgbouncerInstalled, startPgBouncer } from '../../helpers/storage/pgbouncer.js';
import { postgresInstalled } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { openingFailure, unavailable } from '../../helpers/storage/store-failures.js';
import { NOW, PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const installed = postgresInstalled && pgbouncerInstalled;
const skipped = installed ? '' : ' (skipped: there is no PgBouncer here)';

describe.skipIf(!installed)(`PostgreSQL behind PgBouncer${skipped}`, () => {
  const postgres = usePostgres();

  async function pooled(mode: 'session' | 'transaction' | 'statement'): Promise<Partial<PostgresConfig>> {
    const bouncer = await startPgBouncer(postgres.server, mode);
    onTestFinished(() => bouncer.close());
    return { port: bouncer.port };
  }

  it('the PostgreSQL store works through PgBouncer in session mode, with notifications', async () => {
    const bouncer = await pooled('session');
    const [one, other] = [postgres.make(bouncer), postgres.make(bouncer)];
    for (const storage of [one, other]) {
      await storage.open();
      onTestFinished(() => storage.close());
    }
    const changes: StorageChange[] = [];
    other.watch((change) => changes.push(change));
    await one.putKeyPair(PAIR);
    expect(await one.put(registration(), NOW)).toBe('ok');
    await expect.poll(() => changes).toContainEqual({ type: 'put', registration: registration() });
    expect(await other.registrations()).toEqual([registration()]);
    await Promise.all([one.ping(), other.ping()]);
  });

  it.each(['transaction', 'statement'] as const)(
    'the PostgreSQL store refuses PgBouncer in %s mode, which loses notifications, before it writes anything',
    async (mode) => {
      const error = await openingFailure(postgres.make(await pooled(mode)));
      expect(error).toMatchObject(
        unavailable(
          /does not deliver notifications: .* set pool_mode = session for its database in PgBouncer/,
        ),
      );
      const tables = await postgres.server.sql(
        postgres.database,
        "SELECT to_regnamespace('kite') IS NOT NULL AS present",
      );
      expect(tables).toEqual([{ present: false }]);
    },
  );
});
