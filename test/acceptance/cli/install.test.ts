import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { kiteEntries, tarGz } from '../../helpers/tar.js';
import { Cli, type Outcome } from '../../helpers/cli/cli-harness.js';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let cli: Cli;
let server: https.Server;
let plain: http.Server;
let origin: string;
let kites: string;
let trusting: { env: Record<string, string> };
const pages = new Map<string, Buffer | string | Handler>();
const requested: string[] = [];

const answer: Handler = (request, response) => {
  requested.push(request.url ?? '');
  const page = pages.get(request.url ?? '');
  if (page === undefined) response.writeHead(404).end();
  else if (typeof page === 'function') page(request, response);
  else response.end(page);
};

const portOf = (one: http.Server): number => (one.address() as AddressInfo).port;

beforeAll(async () => {
  cli = await Cli.create();
  const keys = await testKeyPair(0);
  const cert = await selfSignedCertificate({ hosts: ['localhost'], days: 1, keys });
  await writeFile(join(cli.home, 'ca.pem'), cert);
  trusting = { env: { NODE_EXTRA_CA_CERTS: join(cli.home, 'ca.pem') } };
  server = https.createServer({ cert, key: keys.privateKey }, answer);
  plain = http.createServer(answer);
  for (const one of [server, plain]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
  origin = `https://localhost:${portOf(server)}`;
  kites = join(cli.home, '.kite', 'kites');
});

beforeEach(() => {
  pages.clear();
  requested.length = 0;
});

afterEach(() => rm(kites, { recursive: true, force: true }));

afterAll(async () => {
  for (const one of [server, plain]) {
    one.closeAllConnections();
    one.close();
  }
  await cli.remove();
});

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** Publishes a kite, and returns the URL of its manifest. */
function publish(archive: Buffer, changes: object = {}): string {
  const manifest = {
    name: 'math',
    version: '1.0.0',
    platforms: { any: 'math.tar.gz' },
    sha256: { any: sha256(archive) },
    ...changes,
  };
  pages.set('/bob/math/.kite.json', JSON.stringify(manifest));
  pages.set('/bob/math/math.tar.gz', archive);
  return `${origin}/bob/math/.kite.json`;
}

const install = (...args: string[]): Promise<Outcome> => cli.run(['install', ...args], trusting);

/** Nothing exists but the folder of all kites. */
function expectNothingInstalled(): void {
  expect(existsSync(kites) ? readdirSync(kites) : []).toEqual([]);
}

describe('kitectl install', () => {
  it('install adds a kite that list shows, run starts and uninstall removes', async () => {
    const url = publish(tarGz(kiteEntries('echo "math $*"')));
    const place = `localhost_${portOf(server)}/bob/math/1.0.0`;
    expect(await install(url)).toEqual({
      code: 0,
      stdout: `Installed ${place}.\nRun it with: kitectl run math\n`,
      stderr: '',
    });
    expect(await cli.run(['list'])).toMatchObject({ code: 0, stdout: `${place}\n` });
    const [one] = JSON.parse((await cli.run(['list', '--json'])).stdout) as [{ program: string }];
    expect(one).toMatchObject({ name: 'math', user: 'bob', repo: 'math', version: '1.0.0' });
    expect(one.program).toBe(join(kites, place, 'bin', 'math'));
    expect(await cli.run(['run', 'math', 'a', '--', '--port', '1'])).toEqual({
      code: 0,
      stdout: 'math a --port 1\n',
      stderr: '',
    });

    const again = await install(url);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('already installed');
    publish(tarGz(kiteEntries('echo new')));
    expect((await install(url, '--force', '--json')).code).toBe(0);
    expect((await cli.run(['run', place])).stdout).toBe('new\n');

    const unconfirmed = await cli.run(['uninstall', 'math']);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('--yes');
    expect(await cli.run(['uninstall', 'math', '--yes'])).toMatchObject({
      code: 0,
      stdout: `Removed ${place}.\n`,
    });
    expectNothingInstalled();
    expect((await cli.run(['run', 'math'])).code).toBe(5);
  });

  it('install shows its progress, and uninstall prompts for confirmation, on a terminal', async () => {
    const url = publish(tarGz(kiteEntries(':')));
    const installed = await cli.terminal(['install', url], 90, trusting);
    expect(installed.code).toBe(0);
    expect(installed.stdout).toMatch(/\[#{24}\] 100 % {2}math 1\.0\.0: 0\.0 MiB/);
    expect(installed.stdout).toMatch(/Installed localhost_\d+\/bob\/math\/1\.0\.0\.\n/);
    expect((await cli.terminal(['list'], 90, { env: { NO_COLOR: '1' } })).stdout).toContain('│ math │');
    const answering = async (key: string): Promise<Outcome> => cli.typed(['uninstall', 'math'], '(y/N)', key);
    expect((await answering('n\r')).code).toBe(2);
    expect((await cli.run(['list'])).stdout).not.toBe('');
    expect((await answering('y\r')).stdout).toContain('Removed');
    expectNothingInstalled();
  });

  it('install uses https only, also after redirects', async () => {
    const plainUrl = `http://localhost:${portOf(plain)}/bob/math/math.tar.gz`;
    const url = publish(tarGz(kiteEntries(':')));
    expect((await install(url.replace('https:', 'http:'))).code).toBe(2);
    pages.set('/bob/math/math.tar.gz', (_request, response) => {
      response.writeHead(302, { location: plainUrl }).end();
    });
    const redirected = await install(url);
    expect(redirected.code).toBe(1);
    expect(redirected.stderr).toContain('redirects to http://localhost');
    expect(requested.filter((path) => path.endsWith('tar.gz'))).toHaveLength(1);
    expectNothingInstalled();
  });

  it('install follows redirects to https', async () => {
    const archive = tarGz(kiteEntries(':'));
    const url = publish(archive, { platforms: { any: 'moved' } });
    pages.set('/bob/math/moved', (_request, response) => {
      response.writeHead(302, { location: '/bob/math/math.tar.gz' }).end();
    });
    expect((await install(url)).code).toBe(0);
  });

  it('install rejects an archive that writes outside its folder or has another kite, and leaves no files', async () => {
    const evil = { path: '../../../../../../evil', content: 'x' };
    const { code, stdout, stderr } = await install(publish(tarGz([...kiteEntries(':'), evil])));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('is not allowed in a kite');
    const other = await install(publish(tarGz(kiteEntries(':')), { sha256: 'ab'.repeat(32) }));
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('The sha256 of the archive is');
    expectNothingInstalled();
    expect(readdirSync(cli.home).toSorted()).toEqual(['.kite', 'ca.pem']);
  });

  it('install leaves no files of an incomplete download', async () => {
    const archive = tarGz(kiteEntries(':'));
    const url = publish(archive);
    pages.set('/bob/math/math.tar.gz', (_request, response) => {
      response.writeHead(200, { 'content-length': archive.length + 1000 });
      response.write(archive, () => response.destroy());
    });
    const { code, stderr } = await install(url);
    expect(code).toBe(6);
    expect(stderr).toContain('closed the connection early');
    expectNothingInstalled();
  });

  it('install leaves no files when it is interrupted', async () => {
    const url = publish(tarGz(kiteEntries(':')));
    const begun = new Promise<void>((resolve) => {
      pages.set('/bob/math/math.tar.gz', (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000_000 });
        response.write(Buffer.alloc(10_000), () => resolve());
      });
    });
    const running = cli.start(['install', url], trusting);
    await begun;
    expect(readdirSync(kites)).toHaveLength(1);
    running.child.kill('SIGINT');
    expect((await running.outcome).code).toBe(130);
    expectNothingInstalled();
  });

  it('install exits with 5 if the kite does not exist and with 6 if the server is unreachable', async () => {
    expect((await install(`${origin}/nothing/.kite.json`)).code).toBe(5);
    // Without the certificate the server is untrusted.
    expect((await cli.run(['install', `${origin}/x/.kite.json`])).code).toBe(6);
  });
});

describe('kitectl install of local files', () => {
  it('install takes a local archive or a folder with a manifest', async () => {
    const file = join(cli.home, 'math.tar.gz');
    await writeFile(file, tarGz(kiteEntries('echo archive')));
    expect((await install(file, '--sha256', 'ab'.repeat(32))).code).toBe(1);
    expect((await install(file)).stdout).toContain('Installed local/_/math/1.0.0.');
    expect((await cli.run(['run', 'math'])).stdout).toBe('archive\n');
    await rm(file);

    const folder = join(cli.home, 'folder');
    await mkdir(join(folder, 'bin'), { recursive: true });
    await mkdir(join(folder, '.git'));
    await writeFile(join(folder, '.kite.json'), '{"name":"math","version":"1.2.0"}');
    await writeFile(join(folder, 'bin', 'math'), '#!/bin/sh\necho folder\n');
    await chmod(join(folder, 'bin', 'math'), 0o755);
    expect((await install('./folder')).code).toBe(0);
    expect((await cli.run(['run', 'math'])).stdout).toBe('folder\n');
    expect((await cli.run(['run', 'math/1.0.0'])).stdout).toBe('archive\n');
    expect(readdirSync(join(kites, 'local', '_', 'math', '1.2.0')).toSorted()).toEqual(['.kite.json', 'bin']);
    expect((await cli.run(['uninstall', 'math', '--yes'])).stderr).toContain('--all');
    expect((await cli.run(['uninstall', 'math', '--yes', '--all', '--json'])).stdout).toBe(
      '{"removed":["local/_/math/1.0.0","local/_/math/1.2.0"]}\n',
    );

    await symlink('../../../etc', join(folder, 'out'));
    expect((await install('./folder')).stderr).toContain('outside the kite');
    await rm(folder, { recursive: true });
    expect((await install('./folder')).code).toBe(3);
    expectNothingInstalled();
  });
});

describe('kitectl install from npm', () => {
  /** A registry with one package. */
  function registry(id: string, files: Record<string, string>): { env: Record<string, string> } {
    const at = `http://localhost:${portOf(plain)}`;
    const tarball = tarGz(
      Object.entries(files).map(([path, content]) => ({ path: `package/${path}`, content })),
    );
    const version = (JSON.parse(files['package.json'] ?? '{}') as { version: string }).version;
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const dist = { tarball: `${at}/tarball.tgz`, integrity };
    const manifest = { name: id, version, dist };
    pages.set('/tarball.tgz', tarball);
    pages.set(
      `/${id.replace('/', '%2f')}`,
      JSON.stringify({ name: id, 'dist-tags': { latest: version }, versions: { [version]: manifest } }),
    );
    return { env: { npm_config_registry: at, npm_config_update_notifier: 'false' } };
  }

  it('install takes an npm package that declares its program, and runs none of its scripts', async () => {
    const scripts = { postinstall: `touch ${join(cli.home, 'evil')}` };
    const options = registry('@bob/math', {
      'package.json': JSON.stringify({ name: '@bob/math', version: '2.0.0', kite: 'math.js', scripts }),
      'math.js': '#!/usr/bin/env node\nconsole.log("npm", process.argv.slice(2).join(" "));\n',
    });
    const { code, stdout, stderr } = await cli.run(['install', '@bob/math'], options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Installed npm/bob/math/2.0.0.');
    expect((await cli.run(['run', 'math', 'a'])).stdout).toBe('npm a\n');
    expect(existsSync(join(cli.home, 'evil'))).toBe(false);
    expect(readdirSync(kites)).toEqual(['npm']);
  });

  it('install rejects an npm package that declares no program', async () => {
    const text = JSON.stringify({ name: 'plain', version: '1.0.0', kite: '../../../package.json' });
    const { code, stderr } = await cli.run(['install', 'plain'], registry('plain', { 'package.json': text }));
    expect(code).toBe(1);
    expect(stderr).toContain('not a file of the package');
    expectNothingInstalled();
  });

  it('install reports that an npm package does not exist', async () => {
    const { code, stderr } = await cli.run(
      ['install', 'nobody-has-this'],
      registry('x', { 'package.json': '{"version":"1.0.0"}' }),
    );
    expect(code).toBe(5);
    expect(stderr).toContain('There is no package nobody-has-this');
    expectNothingInstalled();
  });
});

describe('kitectl run', () => {
  beforeEach(() => {
    mkdirSync(join(kites, 'local', '_', 'math', '1.0.0', 'bin'), { recursive: true });
  });

  const program = (script: string): void =>
    writeFileSync(join(kites, 'local', '_', 'math', '1.0.0', 'bin', 'math'), `#!/bin/sh\n${script}\n`, {
      mode: 0o700,
    });

  it('run exits with the code of the kite and adds nothing to its output', async () => {
    program('cat; echo bad >&2; exit 42');
    expect(await cli.run(['run', 'math'], { input: 'text' })).toEqual({
      code: 42,
      stdout: 'text',
      stderr: 'bad\n',
    });
    program('kill -9 $$');
    expect(await cli.run(['run', 'math', '--json'])).toEqual({ code: 137, stdout: '', stderr: '' });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('run forwards %s to the kite', async (signal) => {
    // Not a shell: it cannot trap a signal that was ignored when it started, as SIGHUP is under nohup.
    const script = `process.on('${signal}', () => { console.log('got it'); process.exit(3); }); setInterval(() => {}, 1000); console.log('ready')`;
    program(`exec '${process.execPath}' -e "${script}"`);
    const running = cli.start(['run', 'math']);
    await running.until(({ stdout }) => stdout.includes('ready'));
    running.child.kill(signal);
    expect(await running.outcome).toEqual({ code: 3, stdout: 'ready\ngot it\n', stderr: '' });
  });

  it('run delivers Ctrl-C to the kite once, as the terminal does', async () => {
    const signals = join(cli.home, 'signals');
    program(
      `trap 'echo got it >> ${signals}' INT; echo ready; until [ -e ${signals} ]; do sleep 0.05; done; sleep 0.2; exit 5`,
    );
    const { code } = await cli.typed(['run', 'math'], 'ready', '\u0003');
    expect(code).toBe(5);
    expect(await readFile(signals, 'utf8')).toBe('got it\n');
    await rm(signals);
  });

  it('run reports why a kite cannot start', async () => {
    program('');
    await chmod(join(kites, 'local', '_', 'math', '1.0.0', 'bin', 'math'), 0o600);
    const { code, stderr } = await cli.run(['run', 'math']);
    expect(code).toBe(3);
    expect(stderr).toContain('cannot be started');
  });
});

describe('kitectl uninstall', () => {
  it.each(['../../x', '..', '/etc', 'math/../../..'])(
    'uninstall rejects %s and removes nothing',
    async (name) => {
      const outside = join(cli.home, 'x');
      await mkdir(outside);
      const { code, stdout, stderr } = await cli.run(['uninstall', '--yes', '--all', name]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('Invalid name of a kite');
      expect(existsSync(outside)).toBe(true);
      await rm(outside, { recursive: true });
    },
  );

  it('uninstall fails for a kite that is not installed', async () => {
    expect((await cli.run(['uninstall', 'math', '--yes'])).code).toBe(5);
  });
});
