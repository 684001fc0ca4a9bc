import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { selfSignedCertificate, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { testKeyPair } from '../../helpers/kite/keys.js';

let network: Network;
beforeAll(async () => {
  network = await Network.create();
  const home = join(network.cli.home, '.kite', 'kontrol');
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home });
});
afterAll(() => network.close());

const printed = ({ stdout }: Running): boolean => stdout.includes('\n');

/** The serial number of the certificate that a server presents. */
async function serialAt(port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('reloading', () => {
  const certificate = async (folder: string): Promise<void> => {
    const keys = await testKeyPair(0);
    await writeFile(join(folder, 'cert.pem'), await selfSignedCertificate({ keys, hosts: ['127.0.0.1'] }));
    await writeFile(join(folder, 'key.pem'), keys.privateKey, { mode: 0o600 });
  };

  it.each([
    ['kontrol start', ['--storage', 'memory', '--tlscertfile', 'cert.pem', '--tlskeyfile', 'key.pem']],
    ['proxy start', ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']],
  ])('%s uses a new certificate after SIGHUP, and keeps it if the next one is bad', async (command, args) => {
    const folder = join(network.cli.home, command.replace(' ', '-'));
    await mkdir(folder);
    await certificate(folder);
    const running = network.cli.start([...command.split(' '), '--port', '0', '--json', ...args], {
      cwd: folder,
    });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(printed);
    const port = Number(new URL((JSON.parse(running.stdout) as { url: string }).url).port);
    const first = await serialAt(port);
    const open = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    onTestFinished(() => void open.destroy());
    await once(open, 'secureConnect');
    await certificate(folder);
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('SIGHUP: reloaded'));
    const second = await serialAt(port);
    expect(second).not.toBe(first);
    // The connection is still served.
    open.write('GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 /);
    await writeFile(
      join(folder, 'cert.pem'),
      '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n',
    );
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) =>
      /cert\.pem cannot be used; the previous one stays in use: \S/.test(stderr),
    );
    expect(await serialAt(port)).toBe(second);
  });

  it('Kontrol applies a new policy after SIGHUP, keeps connections, and keeps it if the next one is bad', async () => {
    const { cli } = network;
    const home = join(cli.home, 'policy');
    await mkdir(home, { mode: 0o700 });
    const policy = join(home, 'policy.json');
    await writeFile(policy, '{}');
    const args = [
      'kontrol',
      'start',
      '--port',
      '0',
      '--json',
      '--policy',
      policy,
      '--audit-log',
      'audit.log',
    ];
    const running = cli.start(args, { env: { KITE_HOME: home }, cwd: home });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(printed);
    const { url } = JSON.parse(running.stdout) as { url: string };
    const register = async (username: string): Promise<Kite> => {
      const invite = await cli.run(['kontrol', 'invite', username], { env: { KITE_HOME: home } });
      const to = ['register', '--to', url, '--username', username, '--invite-file', '-'];
      const own = join(home, username);
      await cli.run(to, { env: { KITE_HOME: own }, input: invite.stdout });
      const kite = new Kite('math', '1.0.0', {
        kiteKey: (await readFile(join(own, 'kite.key'), 'utf8')).trim(),
        kontrolUrl: url,
        env: {},
        logger: silentLogger,
      });
      onTestFinished(() => kite.close({ drainTimeout: 0 }));
      return kite;
    };
    const [bob, alice] = [await register('bob'), await register('alice')];
    await bob.listen();
    await bob.registerForever();
    const query = { username: 'bob', environment: 'unknown', name: 'math' };
    const events: string[] = [];
    const watch = await alice.watchKites(query, ({ action }) => events.push(action));
    onTestFinished(() => watch.cancel());
    expect(await alice.getKites(query)).toEqual([]);
    await rename(join(home, 'audit.log'), join(home, 'audit.1'));
    await writeFile(policy, JSON.stringify({ base: 'open' }));
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) =>
      /SIGHUP: reloaded .*policy\.json, the audit log audit\.log/.test(stderr),
    );
    const [found] = await alice.getKites(query);
    expect(found).toMatchObject({ url: bob.url });
    // The watch of the connection from before sees what the new policy allows.
    const other = await register('bob');
    await other.listen();
    await other.register();
    await vi.waitFor(() => expect(events).toEqual(['REGISTER']), { timeout: 20_000 });
    expect(await readFile(join(home, 'audit.log'), 'utf8')).toContain('"action":"register"');
    await writeFile(policy, '{"allow": 4}');
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('"allow" must be a list of rules'));
    expect(running.stderr).toContain('policy.json cannot be used; the previous one stays in use');
    expect(await alice.getKites(query)).toHaveLength(2);
  });

  it('a server switches debug messages on and off on SIGUSR2, and SIGHUP ends them', async () => {
    const args = ['serve', '--name', 'a', '--no-auth', '--json', '--method', 'one', '--exec', 'echo 1'];
    const running = network.cli.start(args);
    await running.until(printed);
    for (const level of ['debug', 'info', 'debug']) {
      running.stderr = '';
      running.child.kill('SIGUSR2');
      await running.until(({ stderr }) => stderr.includes(`log level: ${level}`));
    }
    running.child.kill('SIGHUP');
    await running.until(({ stderr }) => stderr.includes('SIGHUP: reloaded'));
    running.stderr = '';
    running.child.kill('SIGUSR2');
    await running.until(({ stderr }) => stderr.includes('log level: debug'));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0 });
  });
});
