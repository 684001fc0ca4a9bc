import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
/** Trusts the certificate, as the documents tell users to. */
let env: Record<string, string>;

beforeAll(async () => {
  network = await Network.create();
  env = { NODE_EXTRA_CA_CERTS: join(network.cli.home, 'tls', 'cert.pem') };
  const { code } = await network.cli.run(['keygen', '--tls', '--out', 'tls']);
  expect(code).toBe(0);
});

afterAll(() => network.close());

function until(running: Running, text: string): Promise<void> {
  onTestFinished(async () => {
    running.child.kill('SIGTERM');
    await running.outcome;
  });
  return running.until(({ stdout }) => stdout.includes(text));
}

describe('the certificate of keygen --tls', () => {
  it('keygen --tls certifies this machine, and the names and addresses of --host before it', async () => {
    const { cli } = network;
    const certified = async (folder: string): Promise<X509Certificate> =>
      new X509Certificate(await readFile(join(cli.home, folder, 'cert.pem')));
    expect((await certified('tls')).subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    const hosts = ['--host', 'kite.example.com', '--host', '127.0.0.1', '--host', '10.0.0.5'];
    await cli.run(['keygen', '--tls', '--out', 'more', ...hosts]);
    const more = await certified('more');
    expect(more.subject).toBe('CN=kite.example.com');
    expect(more.subjectAltName).toBe(
      'DNS:kite.example.com, IP Address:127.0.0.1, IP Address:10.0.0.5, DNS:localhost, IP Address:0:0:0:0:0:0:0:1',
    );
  });

  it.each(['127.0.0.1', 'localhost'])(
    'a kite on %s with the certificate of keygen --tls is reachable at the URL that it registers',
    async (ip) => {
      const { cli, jwt } = network;
      const kite = new Kite('tls', '1.0.0', {
        ip,
        port: 0,
        kiteKey: jwt,
        environment: 'prod',
        logger: silentLogger,
        env: {},
      });
      onTestFinished(() => kite.close());
      kite.handle<[number]>('square', ({ args: [n] }) => n * n);
      const [cert, key] = await Promise.all(
        ['cert.pem', 'key.pem'].map((name) => readFile(join(cli.home, 'tls', name), 'utf8')),
      );
      kite.useTls({ cert: cert ?? '', key: key ?? '' });
      await kite.listen();
      const { url } = await kite.register();
      expect(new URL(url).protocol).toBe('https:');
      const to = ['--to', '/bob/prod/tls'];
      expect(await cli.run(['call', 'square', '4', ...to], { env })).toMatchObject({
        code: 0,
        stdout: '16\n',
      });
      // Without trust in the certificate, the call fails.
      expect((await cli.run(['call', 'square', '4', ...to])).code).not.toBe(0);
    },
  );

  it('a Kontrol and a proxy with the certificate of keygen --tls are reachable at the URLs that they register', async () => {
    const { cli } = network;
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(cli.home, 'tls', name));
    const home = { KITE_HOME: join(cli.home, 'tls-kontrol') };
    const start = ['kontrol', 'start', '--port', '0', '--storage', 'memory', '--json'];
    const kontrol = cli.start([...start, '--tlscertfile', cert ?? '', '--tlskeyfile', key ?? ''], {
      env: { ...env, ...home },
    });
    await until(kontrol, '{"url":"https://127.0.0.1:');
    const proxy = cli.start(
      ['proxy', 'start', '--port', '0', '--json', '--tls-cert', cert ?? '', '--tls-key', key ?? ''],
      {
        env: { ...env, ...home },
      },
    );
    await until(proxy, '{"url":"https://127.0.0.1:');
    const found = await cli.run(
      ['query', '/kontrol', '--json', '--key-file', join(home.KITE_HOME, 'kontrol', 'kite.key')],
      { env: { ...env, ...home } },
    );
    const kites = JSON.parse(found.stdout) as { url: string; kite: { name: string } }[];
    expect(kites.map(({ kite }) => kite.name).toSorted()).toEqual(['kontrol', 'proxy']);
    for (const { url } of kites) {
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
      expect(await cli.run(['ping', '--to', url], { env: { ...env, ...home } })).toMatchObject({ code: 0 });
    }
  });
});
