import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { etcdInstalled, skipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { changeSecret } from '../../helpers/cli/cli-reseal.js';

const PASSWORD = 'the password of kontrol';

const etcd = useEtcd();

describe.skipIf(!etcdInstalled)(`kontrol start with etcd${skipped}`, () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await Cli.create();
  });
  afterAll(() => cli.remove());

  const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    KONTROL_STORAGE: 'etcd',
    KONTROL_MACHINES: etcd.server.urls.join(','),
    ...more,
  });

  const listens = (running: Running): Promise<void> =>
    running.until(({ stderr }) => stderr.includes('Kontrol listens at'));

  it('kontrol start stores its state in etcd, warns that private keys are unencrypted, and restores it', async () => {
    const port = String(await freePort());
    const first = cli.start(['kontrol', 'start', '--port', port], { env: environment() });
    await listens(first);
    expect(first.stderr).toContain('in the etcd store');
    expect(first.stderr).toContain('unencrypted: set KONTROL_SECRET to encrypt them');
    const [pair] = JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout) as object[];
    first.child.kill('SIGTERM');
    expect((await first.outcome).code).toBe(0);

    const env = environment({ KONTROL_SECRET: 'a secret' });
    const machines = `//${new URL(etcd.server.urls[0] ?? '').host}`;
    const second = cli.start(['kontrol', 'start', '--port', port, `-machines=${machines}`], { env });
    await listens(second);
    expect(second.stderr).not.toContain('unencrypted');
    expect(JSON.parse((await cli.run(['kontrol', 'keys', 'list', '--json'])).stdout)).toEqual([pair]);
    second.child.kill('SIGTERM');
    await second.outcome;
    const client = new Etcd3({ hosts: etcd.server.urls });
    const keys = Object.values(await client.getAll().prefix('/kitectl/v1/keys/').strings());
    client.close();
    expect(keys.map((json) => JSON.parse(json) as unknown)).toMatchObject([
      { privateKey: expect.stringMatching(/^sealed:/) as string },
    ]);
  });

  it('kontrol keys reseal encrypts the keys in etcd with another secret while Kontrol runs', async () => {
    expect(await changeSecret(cli, environment)).toMatchObject({ code: 0 });
  });

  it('kontrol start reports an etcd error with a hint', async () => {
    const ca = path.join(cli.home, 'ca.pem');
    writeFileSync(
      ca,
      await selfSignedCertificate({ hosts: ['etcd.example.com'], keys: await testKeyPair(0) }),
    );
    const secure = etcd.server.urls.map((url) => url.replace('http:', 'https:')).join(',');
    const login = { KONTROL_ETCD_USERNAME: 'kontrol', KONTROL_ETCD_PASSWORD: PASSWORD };
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const failures: [Record<string, string>, string[], number, RegExp][] = [
      [login, [], 6, /Its authentication is disabled: unset KONTROL_ETCD_USERNAME/],
      [{}, ['--machines', nobody], 6, /ECONNREFUSED.*Check that it is running, and the URLs of its members/],
      [{}, ['--machines', secure, '--etcd-ca', ca], 6, /does not accept TLS[:,] use http:/],
      [{}, ['--etcd-ca', ca], 2, /no URL in .*KONTROL_MACHINES\) starts with https/],
      [{}, ['--machines', 'http://a:1/v2'], 3, /"http:\/\/a:1\/v2" is not the URL of an etcd member/],
    ];
    await Promise.all(
      failures.map(async ([more, flags, code, message]) => {
        const args = ['kontrol', 'start', '--port', '0', ...flags];
        const outcome = await cli.run(args, { env: environment(more) });
        expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
        expect(outcome.stderr).not.toContain(PASSWORD);
      }),
    );
  });
});
