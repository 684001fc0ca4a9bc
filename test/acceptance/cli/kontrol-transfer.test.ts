import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import { PASSWORD, postgresInstalled, skipped } from '../../helpers/storage/postgres-server.js';
import { usePostgres } from '../../helpers/storage/postgres-store.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';

const postgres = usePostgres();

describe.skipIf(!postgresInstalled)(`kontrol export and import${skipped}`, () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await Cli.create();
  });
  afterAll(() => cli.remove());

  const secret = { KONTROL_SECRET: 'a secret' };
  const inPostgres = (): Record<string, string> => ({
    ...secret,
    KONTROL_STORAGE: 'postgres',
    KONTROL_POSTGRES_HOST: '127.0.0.1',
    KONTROL_POSTGRES_PORT: String(postgres.server.port),
    KONTROL_POSTGRES_USERNAME: 'postgres',
    KONTROL_POSTGRES_PASSWORD: PASSWORD,
    KONTROL_POSTGRES_DBNAME: postgres.database,
  });

  async function start(port: string, env: Readonly<Record<string, string>>): Promise<Running> {
    const running = cli.start(['kontrol', 'start', '--port', port], { env });
    await running.until(({ stderr }) => stderr.includes('Kontrol listens at'));
    return running;
  }

  async function stop(running: Running): Promise<void> {
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0 });
  }

  it('an export moves Kontrol from a folder to PostgreSQL: kite keys, invites and revocations stay valid', async () => {
    const port = String(await freePort());
    const to = ['--to', `http://127.0.0.1:${port}/kite`];
    const first = await start(port, {});
    const [pair] = JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout) as object[];
    const invite = (await cli.run(['kontrol', 'invite', 'bob'])).stdout;
    expect(await cli.run(['kontrol', 'users', 'revoke', 'bob', '--yes'])).toMatchObject({ code: 0 });
    const second = (await cli.run(['kontrol', 'invite', 'carol'])).stdout;
    const locked = await cli.run(['kontrol', 'export'], { env: secret });
    expect(locked).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('Stop the other Kontrol') as string,
    });
    await stop(first);

    expect(await cli.run(['kontrol', 'export'])).toMatchObject({ code: 3, stdout: '' });
    const exported = await cli.run(['kontrol', 'export'], { env: secret });
    expect(exported).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Exported 1 key pair, /) as string,
    });
    expect(exported.stdout).not.toContain('PRIVATE KEY');
    expect(exported.stdout.trimEnd().split('\n').at(-1)).toMatch(/^\{"type":"end","records":\d+\}$/);

    const input = exported.stdout;
    const wrong = await cli.run(['kontrol', 'import'], {
      input,
      env: { ...inPostgres(), KONTROL_SECRET: 'b' },
    });
    expect(wrong).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'Line 2 of standard input: The record has a private key that',
      ) as string,
    });
    const half = await cli.run(['kontrol', 'import'], { input: input.slice(0, -30), env: inPostgres() });
    expect(half.code).toBe(3);
    const imported = await cli.run(['kontrol', 'import'], { input, env: inPostgres() });
    expect(imported).toMatchObject({
      code: 0,
      stdout: '',
      stderr: exported.stderr.replace('Exported', 'Imported'),
    });

    const node = await start(port, inPostgres());
    // The kite key of the administrator is still valid.
    expect(JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout)).toEqual([pair]);
    const register = (username: string, token: string, home: string) =>
      cli.run(['register', ...to, '--username', username, '--invite-file', '-'], {
        input: token,
        env: { KITE_HOME: join(cli.home, home) },
      });
    expect(await register('bob', invite, 'bob')).toMatchObject({ code: 4 });
    expect(await register('carol', second, 'carol')).toMatchObject({ code: 0 });
    const again = await cli.run(['kontrol', 'export'], { env: inPostgres() });
    expect(again.stdout).toContain('"from":"postgres"');
    await stop(node);

    // Back to a folder of its own.
    const folder = join(cli.home, 'restored');
    const restore = await cli.run(['kontrol', 'import', '--data', folder], {
      input: again.stdout,
      env: secret,
    });
    expect(restore).toMatchObject({ code: 0 });
    const restored = await start(port, { KONTROL_DATA: folder });
    expect(JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout)).toEqual([pair]);
    await stop(restored);
    expect((await readFile(join(folder, 'data.mdb'))).length).toBeGreaterThan(0);
  });

  it('an import into the store of another Kontrol, and one from a terminal, are refused', async () => {
    const port = String(await freePort());
    await stop(await start(port, { KONTROL_DATA: join(cli.home, 'other') }));
    const { stdout } = await cli.run(['kontrol', 'export', '--data', join(cli.home, 'other')], {
      env: secret,
    });
    await stop(await start(port, { KONTROL_DATA: join(cli.home, 'taken') }));
    const outcome = await cli.run(['kontrol', 'import', '--data', join(cli.home, 'taken')], {
      input: stdout,
      env: secret,
    });
    expect(outcome).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('it belongs to another Kontrol') as string,
    });
    const screen = await cli.terminal(['kontrol', 'import'], 100, { env: secret });
    expect(screen).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('kitectl kontrol import < FILE') as string,
    });
  });
});
