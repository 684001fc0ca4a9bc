import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import { type Cli, root, type Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { Desktop } from '../../helpers/cli/desktop.js';

let network: Network;
let cli: Cli;
let desktop: Desktop;
let url: string;
let homes = 0;
/** A user without settings or kite key. */
let env: Record<string, string>;

beforeAll(async () => {
  [network, desktop] = await Promise.all([Network.create({ registration: 'open' }), Desktop.create()]);
  ({ cli } = network);
  url = network.kontrol.url;
});

afterAll(async () => {
  await desktop.remove();
  await network.close();
});

beforeEach(() => {
  env = { ...desktop.env, KITE_HOME: join(cli.home, `home-${homes++}`) };
});

const home = (...path: string[]): string => join(env['KITE_HOME'] ?? '', ...path);

function register(username: string, ...more: string[]) {
  return cli.run(['register', '--to', url, '--username', username, ...more], { env });
}

const username = async (...flags: string[]): Promise<string> => {
  const { stdout, stderr } = await cli.run(['showkey', '-o', 'name', ...flags], { env });
  return stdout.trimEnd() || stderr;
};

describe('a kite key in the keychain', () => {
  it('register stores a kite key in the keychain, and the next command finds it through the context', async () => {
    const registered = await register('carol', '--key-store', 'keychain');
    expect(registered).toMatchObject({ code: 0, stderr: '' });
    expect(registered.stdout).toContain(`the keychain, as carol@${url}`);
    expect(existsSync(home('kite.key'))).toBe(false);
    const context = JSON.parse(await readFile(home('contexts.json'), 'utf8')) as object;
    expect(context).toEqual({
      current: 'default',
      contexts: { default: { username: 'carol', kontrol: url, keyStore: 'keychain' } },
    });
    expect(await username()).toBe('carol');
    expect((await cli.run(['query', '/carol'], { env })).code).toBe(5);
    const list = await cli.run(['keys', 'list', '--json'], { env });
    expect(JSON.parse(list.stdout)).toEqual([
      expect.objectContaining({ inUse: true, account: `carol@${url}`, contexts: ['default'] }),
    ]);
    expect((await register('carol')).stderr).toContain('--force');
    expect((await register('carol', '--force')).code).toBe(0);
    expect(existsSync(home('kite.key'))).toBe(false);
  });

  it('keys move moves a kite key from a file to the keychain and back', async () => {
    await register('dave');
    const before = await readFile(home('kite.key'), 'utf8');
    const moved = await cli.run(['keys', 'move', '--to', 'keychain'], { env });
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(home('kite.key'))).toBe(false);
    expect(await username()).toBe('dave');
    const secret = await cli.run(['keys', 'show', '--secret'], { env });
    expect(secret.stdout).toBe(before);
    const again = await cli.run(['keys', 'move', '--to', 'keychain'], { env });
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('already') as string });
    const back = await cli.run(['keys', 'move', '--to', 'file', '-o', 'json'], { env });
    expect(JSON.parse(back.stdout)).toMatchObject({ username: 'dave', file: home('kite.key') });
    expect(await readFile(home('kite.key'), 'utf8')).toBe(before);
    const keychain = await cli.run(['keys', 'list', '--key-store', 'keychain', '-o', 'ndjson'], { env });
    expect(keychain.stdout).not.toContain(`"account":"dave`);
  });

  it('keys remove deletes a kite key from the keychain only with confirmation', async () => {
    await register('erin', '--key-store', 'keychain');
    const missingInput = await cli.run(['keys', 'remove'], { env });
    expect(missingInput.code).toBe(2);
    expect(missingInput.stderr).toContain('--yes');
    expect(await username()).toBe('erin');
    expect((await cli.run(['keys', 'remove', `erin@${url}`, '--yes'], { env })).code).toBe(0);
    const missing = await cli.run(['showkey'], { env });
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain(`There is no kite key for erin@${url} in the keychain`);
  });

  it('the environment and --key-file take precedence over the keychain', async () => {
    await register('frank', '--key-store', 'keychain');
    const file = join(cli.home, '.kite', 'kite.key');
    expect(await username('--key-file', file)).toBe('bob');
    const show = (more: Record<string, string>) =>
      cli.run(['showkey', '-o', 'name'], { env: { ...env, ...more } });
    expect((await show({ KITE_KEY: network.jwt })).stdout).toBe('bob\n');
    expect((await show({ KITE_KEY_FILE: file })).stdout).toBe('bob\n');
    await mkdir(home(), { recursive: true });
    await writeFile(home('kite.key'), network.jwt, { mode: 0o400 });
    expect(await username()).toBe('frank');
    expect(
      (await cli.run(['keys', 'move', '--to', 'file'], { env: { ...env, KITE_KEY: network.jwt } })).code,
    ).toBe(2);
    expect((await cli.run(['keys', 'move', '--to', 'file'], { env })).stderr).toContain('nothing was moved');
  });

  it('Kontrol stores its own kite key in the keychain and finds it again', async () => {
    const args = ['kontrol', 'start', '--port', String(await freePort()), '--storage', 'memory'];
    const start = async (...more: string[]): Promise<Running> => {
      const running = cli.start([...args, ...more], { env });
      await running.until(({ stderr }) => stderr.includes('Kontrol listens at'));
      return running;
    };
    for (const more of [['--key-store', 'keychain'], []]) {
      const running = await start(...more);
      expect(existsSync(home('kontrol', 'kite.key'))).toBe(false);
      expect((await cli.run(['kontrol', 'invite', 'x'], { env })).code).toBe(0);
      // Proxies use the same key: Kontrol reports that there are no proxies only if it accepted the key.
      expect((await cli.run(['proxy', 'status'], { env })).code).toBe(5);
      running.child.kill('SIGTERM');
      expect((await running.outcome).code).toBe(0);
    }
    const names = await cli.run(['context', 'list', '-o', 'name'], { env });
    expect(names.stdout).toBe('kontrol\n');
  });

  it('kontrol start -initial stores the kite key of Kontrol’s user in the keychain', async () => {
    const args = ['kontrol', 'start', '-initial', '-key-store=keychain', '-username=root'];
    const first = await cli.run(args, { env });
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('Created the kite key of root');
    expect(await username()).toBe('root');
    expect((await cli.run(args, { env })).stdout).toContain('already exists');
  });
});

describe('an unusable keychain', () => {
  it('no kite key is lost if there is no D-Bus session', async () => {
    env = { KITE_HOME: env['KITE_HOME'] ?? '' };
    await register('gina');
    const moved = await cli.run(['keys', 'move', '--to', 'keychain'], { env });
    expect(moved.code).toBe(3);
    expect(moved.stderr).toContain('gnome-keyring');
    expect(await username()).toBe('gina');
    expect(existsSync(home('contexts.json'))).toBe(false);
  });

  it('no kite key is lost if no keychain daemon runs', async () => {
    const empty = await Desktop.create({ secrets: false });
    env = { ...empty.env, KITE_HOME: env['KITE_HOME'] ?? '' };
    const calls = network.kontrol.kite;
    let prompts = 0;
    const off = calls.on('connect', () => prompts++);
    const registered = await register('hugo', '--key-store', 'keychain');
    off();
    await empty.remove();
    expect(registered.code).toBe(3);
    expect(registered.stderr).toContain('gnome-keyring');
    expect(prompts).toBe(0);
  });

  it('no kite key is lost if the package keytar is missing', async () => {
    const copy = join(cli.home, 'without-keytar');
    for (const name of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
      await cp(join(root, name), join(copy, name), { recursive: true });
    }
    const { code, stderr } = await cli.shell(
      `"$NODE" ${copy}/bin/run.js register --to ${url} --username ida --key-store keychain; exit $?`,
      { env },
    );
    expect(code).toBe(3);
    expect(stderr).toContain('keytar, which is not installed');
    expect(stderr).toContain('libsecret-1-dev');
  });

  it('a locked keychain is neither read nor written, and nothing crashes', async () => {
    const locked = await Desktop.create();
    env = { ...locked.env, KITE_HOME: env['KITE_HOME'] ?? '' };
    await register('jane', '--key-store', 'keychain');
    await locked.lock();
    for (const args of [
      ['showkey'],
      ['keys', 'list'],
      ['keys', 'remove', '--yes'],
      ['register', '--to', url, '--username', 'jane', '--force'],
    ]) {
      const { code, stderr } = await cli.run(args, { env });
      expect({ args, code }).toEqual({ args, code: 3 });
      expect(stderr).toContain('The keychain is locked');
    }
    await locked.remove();
  });
});
