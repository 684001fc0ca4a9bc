import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import tls from 'node:tls';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readKiteKeyFile, selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { request } from '../../helpers/transport/http.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { Cli, cleanEnv, root, Running } from '../../helpers/cli/cli-harness.js';

let cli: Cli;
let kontrol: Running;
let bob: { KITE_HOME: string };

beforeAll(async () => {
  cli = await Cli.create();
  bob = { KITE_HOME: join(cli.home, 'bob') };
  kontrol = cli.start(['kontrol', 'start', '--port', '0', '--json']);
  const { url } = JSON.parse(await line(kontrol)) as { url: string };
  const invite = await cli.run(['kontrol', 'invite', 'bob']);
  await cli.run(['register', '--to', url, '--username', 'bob', '--invite-file', '-'], {
    env: bob,
    input: invite.stdout,
  });
});

afterAll(async () => {
  kontrol.child.kill('SIGTERM');
  await kontrol.outcome;
  await cli.remove();
});

/** The first line that a command prints. */
async function line(running: Running): Promise<string> {
  await running.until(({ stdout }) => stdout.includes('\n'));
  return running.stdout.split('\n')[0] ?? '';
}

/** A proxy in a separate process that is registered at Kontrol, ended when the test ends. */
async function startProxy(...args: string[]): Promise<{ running: Running; url: string }> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const running = cli.start(['proxy', 'start', '--json', ...port, ...args]);
  onTestFinished(async () => {
    // Kontrol is notified at once.
    running.child.kill('SIGTERM');
    await running.outcome;
  });
  const { url } = JSON.parse(await line(running)) as { url: string };
  const ready = `http://127.0.0.1:${new URL(url).port}/readyz`;
  if (url.startsWith('http:')) await expect.poll(async () => (await request('GET', ready)).status).toBe(200);
  return { running, url };
}

/** The example kite of bob's, registered through a proxy. */
async function startMath(way: '--proxy' | '--tunnel' = '--proxy'): Promise<Running> {
  const child = spawn(process.execPath, [join(root, 'examples', 'math-register.js'), way], {
    env: cleanEnv(cli.home, bob),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = new Running(child);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await running.outcome;
  });
  await line(running);
  return running;
}

const call = ['call', 'square', '4', '--to', '/bob/prod/math'];

describe('proxy start', () => {
  it('proxy start runs a proxy that kites find at Kontrol, and proxy status lists its kites', async () => {
    expect((await cli.run(['proxy', 'status'])).code).toBe(5);
    const { url } = await startProxy();
    const math = await startMath();
    const { origin } = new URL(url);
    expect(math.stdout).toMatch(/^registered as \/bob\/prod\/math\/.* at /);
    expect(math.stdout).toContain(` at ${origin}/proxy/`);
    expect(await cli.run(call, { env: bob })).toMatchObject({ code: 0, stdout: '16\n' });

    const lines = await cli.run(['proxy', 'status']);
    expect(lines).toMatchObject({ code: 0, stderr: '' });
    const [at, kite, since, sessions, to, from] = lines.stdout.trimEnd().split('\t');
    expect([at, sessions]).toEqual([url, '0']);
    expect(kite).toMatch(/^\/bob\/prod\/math\/1\.0\.0\//);
    expect(Date.parse(since ?? '')).toBeGreaterThan(0);
    expect(Math.min(Number(to), Number(from))).toBeGreaterThan(50);
    const json = await cli.run(['proxy', 'status', '--json', '--to', url]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { name: 'proxy', url, sessionsTotal: 1, kites: [{ username: 'bob', sessionsTotal: 1 }] },
    ]);
    const table = await cli.terminal(['proxy', 'status'], 120);
    expect(table.stdout).toContain('bytes to kite');
    const inFormat = async (format: string): Promise<string> =>
      (await cli.run(['proxy', 'status', '-o', format])).stdout;
    expect(await inFormat('name')).toMatch(/^\/bob\/prod\/math\/1\.0\.0\/\S+\n$/);
    expect(JSON.parse(await inFormat('ndjson'))).toMatchObject({ url });
    expect(await inFormat('yaml')).toContain(`url: ${url}`);
    expect(await inFormat('wide')).toContain('public URL');
    const context = ['context', 'add', 'mine', '--key-file', join(bob.KITE_HOME, 'kite.key')];
    expect((await cli.run(context)).code).toBe(0);
    expect((await cli.run(['proxy', 'status', '--to', url, '--context', 'mine'])).code).toBe(4);
    expect((await cli.run(['context', 'remove', 'mine', '--yes'])).code).toBe(0);
    const other = await cli.run([
      'proxy',
      'status',
      '--to',
      url,
      '--key-file',
      join(bob.KITE_HOME, 'kite.key'),
    ]);
    expect(other.code).toBe(4);
  });

  it('proxy start --tunnel runs a tunnel proxy, behind which a kite needs no port', async () => {
    const port = String(await freePort());
    const flags = ['-public-host', `localhost:${port}`, '-private-key=k.pem', '-public-key=p.pem'];
    const { url, running } = await startProxy('--tunnel', '--port', port, ...flags);
    expect(url).toBe(`http://localhost:${port}/kite`);
    expect(running.stderr).toContain('The key pair is ignored');
    const math = await startMath('--tunnel');
    expect(math.stdout).toContain(` at http://localhost:${port}/proxy?kiteID=`);
    expect(await cli.run(call, { env: bob })).toMatchObject({ code: 0, stdout: '16\n' });
    const json = await cli.run(['proxy', 'status', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject([{ name: 'tunnelproxy', kites: [{ username: 'bob' }] }]);
  });

  it.each([
    ['name', /^http:\S+\/kite\n$/],
    ['yaml', /^url: http:\S+\n$/],
    ['table', /URL/],
  ] as const)('proxy start -o %s prints its address', async (format, expected) => {
    const running = cli.start(['proxy', 'start', '--port', '0', '-o', format]);
    await running.until(({ stdout }) => stdout.includes('\n'));
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.outcome;
    expect(code).toBe(0);
    expect(stdout).toMatch(expected);
  });

  it('proxy start runs on a terminal until Ctrl-C', async () => {
    const running = cli.startTerminal(['proxy', 'start', '--port', '0'], 100);
    await running.type('The reverse proxy listens at ', '\u0003');
    expect(await running.outcome).toMatchObject({ code: 0 });
    expect(running.stdout).toContain('The proxy is shutting down.');
  });

  it('proxy start stores the new kite key that Kontrol issues after it rotated its keys', async () => {
    const file = join(cli.home, 'proxy.key');
    await copyFile(join(bob.KITE_HOME, 'kite.key'), file);
    await chmod(file, 0o600);
    const old = readKiteKeyFile(file);
    expect((await cli.run(['kontrol', 'keys', 'rotate'])).code).toBe(0);
    await startProxy('--key-file', file);
    const fresh = readKiteKeyFile(file);
    expect(fresh.username).toBe('bob');
    expect(fresh.kontrolKey).not.toBe(old.kontrolKey);
  });

  it('proxy start stops gracefully on SIGTERM with exit code 0', async () => {
    const { running } = await startProxy();
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0 });
  });

  it('proxy start accepts the flags of the Go program, and reloads its TLS certificate', async () => {
    const files = { cert: join(cli.home, 'tls.pem'), key: join(cli.home, 'tls-key.pem') };
    const put = async (index: number): Promise<string> => {
      const keys = await testKeyPair(index);
      const cert = await selfSignedCertificate({ hosts: ['localhost'], keys });
      await writeFile(files.key, keys.privateKey, { mode: 0o600 });
      await writeFile(files.cert, cert);
      return cert.replace(/-----[^-]+-----|\s/g, '');
    };
    const first = await put(0);
    const flags = ['-publicHost=localhost', '-publicPort', '3998', `-cert=${files.cert}`, '-key', files.key];
    const { running, url } = await startProxy('-ip=127.0.0.1', ...flags, '-env=prod', '-region=eu');
    expect(url).toBe('https://localhost:3998/kite');
    const port = Number(/listens at https:\/\/127\.0\.0\.1:(\d+)\/kite/.exec(running.stderr)?.[1]);
    const shown = async (): Promise<string> => {
      const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return raw.toString('base64');
    };
    expect(await shown()).toBe(first);
    const second = await put(1);
    await expect.poll(shown).toBe(second);
    const kites = await cli.run(['query', '/kontrol/prod/proxy', '--json']);
    expect(kites.code).toBe(3);
    const found = await cli.run(['query', '/kontrol/prod/proxy', '--json'], { env: bob });
    expect(JSON.parse(found.stdout)).toMatchObject([{ url, kite: { environment: 'prod', region: 'eu' } }]);
  });

  it('proxy start --kite-domain gives kites host names, and needs a certificate that is valid for them', async () => {
    const { url } = await startProxy('--kite-domain', 'kites.localhost');
    const { port } = new URL(url);
    const math = await startMath();
    expect(math.stdout).toMatch(new RegExp(` at http://[\\da-f]{40}\\.kites\\.localhost:${port}/kite`));
    const list = await cli.run(['proxy', 'status', '--json']);
    const [{ kites }] = JSON.parse(list.stdout) as [{ kites: { url: string }[] }];
    expect(math.stdout).toContain(kites[0]?.url);
    await cli.run(['keygen', '--tls', '--host', 'proxy.test', '--out', 'narrow'], { cwd: cli.home });
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(cli.home, 'narrow', name));
    const tls = ['--tls-cert', cert ?? '', '--tls-key', key ?? ''];
    const refused = await cli.run(['proxy', 'start', '--port', '0', '--kite-domain', 'kites.test', ...tls]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("keygen --tls --host HOST --host '*.kites.test'");
  });

  it('proxy start rejects impossible options with the matching exit code', async () => {
    const run = async (...args: string[]): Promise<number | null> =>
      (await cli.run(['proxy', 'start', ...args])).code;
    expect(await run('--tls-cert', 'cert.pem')).toBe(2);
    expect(await run('--public-port', '1')).toBe(2);
    expect(await run('--port', 'x')).toBe(2);
    expect(await run('--public-host', 'a b')).toBe(3);
    expect(await run('--allow-target', 'a:1')).toBe(3);
    expect(await run('--tls-cert', 'none.pem', '--tls-key', 'none.pem')).toBe(3);
    expect(await run('--kite-domain', '*.kites.test')).toBe(3);
    const { url } = await startProxy();
    expect(await run('--port', new URL(url).port)).toBe(3);
    const nobody = { KITE_HOME: join(cli.home, 'nobody') };
    expect((await cli.run(['proxy', 'start', '--port', '0'], { env: nobody })).code).toBe(3);
  });
});

// Kontrol lists a killed proxy until its lease expires.
describe('a proxy that stops', () => {
  it.each(['--proxy', '--tunnel'] as const)(
    'a proxy that is killed has its kites back within ten seconds of its restart: %s',
    async (way) => {
      const flags = way === '--tunnel' ? [way] : [];
      const proxies = [await startProxy(...flags), await startProxy(...flags)];
      const math = await startMath(way);
      const isAt = ({ url }: { url: string }): boolean => math.stdout.includes(` at ${new URL(url).origin}/`);
      const [used, other] = isAt(proxies[0] as { url: string }) ? proxies : proxies.toReversed();
      if (!used || !other) throw new Error('there are two');
      const died = performance.now();
      used.running.child.kill('SIGKILL');
      await math.until(() => isAt(other));
      expect(performance.now() - died).toBeLessThan(10_000);
      expect(await cli.run(call, { env: bob })).toMatchObject({ code: 0, stdout: '16\n' });
    },
  );

  it('proxy status exits with 6 after the status of the other proxies if one is unreachable', async () => {
    const gone = await startProxy();
    const there = await startProxy();
    gone.running.child.kill('SIGKILL');
    await gone.running.outcome;
    const some = await cli.run(['proxy', 'status', '--json']);
    expect(some.code).toBe(6);
    expect(JSON.parse(some.stdout)).toMatchObject([{ url: there.url }]);
    expect((await cli.run(['proxy', 'status', '--to', gone.url])).code).toBe(6);
  });
});
