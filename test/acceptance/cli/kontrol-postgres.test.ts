import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import { PASSWORD, postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { changeSecret } from '../../helpers/cli/cli-reseal.js';

const postgres = usePostgres();

describe.skipIf(!postgresInstalled)(`kontrol start with PostgreSQL${skipped}`, () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await Cli.create();
  });
  afterAll(() => cli.remove());

  const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    KONTROL_STORAGE: 'postgres',
    KONTROL_POSTGRES_HOST: '127.0.0.1',
    KONTROL_POSTGRES_PORT: String(postgres.server.port),
    KONTROL_POSTGRES_USERNAME: 'postgres',
    KONTROL_POSTGRES_PASSWORD: PASSWORD,
    KONTROL_POSTGRES_DBNAME: postgres.database,
    ...more,
  });

  const listens = (running: Running): Promise<void> =>
    running.until(({ stderr }) => stderr.includes('Kontrol listens at'));

  it('kontrol start stores its state in PostgreSQL, warns that private keys are unencrypted, and restores it', async () => {
    const port = String(await freePort());
    const first = cli.start(['kontrol', 'start', '--port', port], { env: environment() });
    await listens(first);
    expect(first.stderr).toContain('in the postgres store');
    expect(first.stderr).toContain('unencrypted: set KONTROL_SECRET to encrypt them');
    expect(first.stderr).not.toContain(PASSWORD);
    const [pair] = JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout) as object[];
    first.child.kill('SIGTERM');
    expect((await first.outcome).code).toBe(0);

    const env = environment({ KONTROL_SECRET: 'a secret' });
    const second = cli.start(['kontrol', 'start', '--port', port, '-postgres-tls=false'], { env });
    await listens(second);
    expect(second.stderr).not.toContain('unencrypted');
    expect(JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout)).toEqual([pair]);
    second.child.kill('SIGTERM');
    await second.outcome;
    const keys = await postgres.server.sql(postgres.database, 'SELECT private FROM kite.key');
    expect(keys).toMatchObject([{ private: expect.stringMatching(/^sealed:/) as string }]);
  });

  it('kontrol keys reseal encrypts the keys in PostgreSQL with another secret while Kontrol runs', async () => {
    expect(await changeSecret(cli, environment)).toMatchObject({ code: 0 });
  });

  it.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['a wrong password', { KONTROL_POSTGRES_PASSWORD: 'wrong' }, [], 6, /Check the role and its password/],
    ['a missing TLS', {}, ['--postgres-tls'], 6, /does not support TLS\..*--no-postgres-tls/],
    [
      'a missing database',
      { KONTROL_POSTGRES_DBNAME: '' },
      [],
      2,
      /requires --postgres-dbname \(KONTROL_POSTGRES_DBNAME\)/,
    ],
  ])('kontrol start reports an error with a hint on %s', async (_, env, flags, code, message) => {
    const outcome = await cli.run(['kontrol', 'start', '--port', '0', ...flags], { env: environment(env) });
    expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
    expect(outcome.stderr).not.toContain(PASSWORD);
  });
});
