import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cli } from '../../helpers/cli/cli-harness.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let cli: Cli;
let math: TestKite;
let homes = 0;
let env: Record<string, string>;

beforeAll(async () => {
  network = await Network.create({ registration: 'open' });
  ({ cli } = network);
  math = await network.register();
});

afterAll(() => network.close());

beforeEach(() => {
  env = { KITE_HOME: join(cli.home, `context-${homes++}`) };
});

const run = (...args: string[]) => cli.run(args, { env });
const name = async (): Promise<string> => (await run('context', 'show', '-o', 'name')).stdout.trimEnd();

describe('context', () => {
  it('a context can be added, used, left, listed and removed', async () => {
    expect((await run('context', 'show')).code).toBe(2);
    expect((await run('context', 'add', 'dev', '--kontrol', 'http://a/kite')).code).toBe(0);
    const added = await run('context', 'add', 'prod', '--kontrol', 'http://b/kite', '--timeout', '3s');
    expect(added).toMatchObject({ code: 0, stdout: 'Saved the context prod.\n' });
    expect(await name()).toBe('dev');
    await run('context', 'use', 'prod');
    expect(await name()).toBe('prod');
    expect((await run('context', '-')).stdout).toBe('Switched to the context dev.\n');
    await run('context', 'use', '-');
    expect(await name()).toBe('prod');
    const list = JSON.parse((await run('context', 'list', '--json')).stdout) as unknown;
    expect(list).toEqual([
      { name: 'dev', inUse: false, kontrol: 'http://a/kite' },
      { name: 'prod', inUse: true, kontrol: 'http://b/kite', timeout: '3s' },
    ]);
    expect((await run('context', 'list')).stdout).toMatch(/^\tdev\thttp:\/\/a\/kite\t/);
    expect((await run('context', 'remove', 'prod')).stderr).toContain('--yes');
    expect((await run('context', 'remove', 'prod', '--yes')).code).toBe(0);
    expect((await run('context', 'list', '-o', 'name')).stdout).toBe('dev\n');
    expect((await stat(join(env['KITE_HOME'] ?? '', 'contexts.json'))).mode & 0o777).toBe(0o600);
  });

  it('a context has the files of its certificates and headers, with absolute paths, but no header', async () => {
    const files = ['--ca', 'ca.pem', '--cert', 'cert.pem', '--key', 'key.pem', '--header', '@headers.txt'];
    expect((await run('context', 'add', 'gateway', ...files)).code).toBe(0);
    expect(JSON.parse((await run('context', 'show', '--json')).stdout)).toMatchObject({
      ca: join(cli.home, 'ca.pem'),
      clientCert: join(cli.home, 'cert.pem'),
      clientKey: join(cli.home, 'key.pem'),
      headers: `@${join(cli.home, 'headers.txt')}`,
    });
    const called = await run('ping', '--to', 'https://127.0.0.1:1/kite');
    expect(called).toMatchObject({ code: 3 });
    expect(called.stderr).toContain(`The file ${join(cli.home, 'ca.pem')} cannot be read: it does not exist`);
    const secret = await run('context', 'add', 'other', '--header', 'Authorization: hunter2');
    expect(secret).toMatchObject({ code: 2 });
    expect(secret.stderr).toContain('it must be @FILE, a file with one header per line');
    expect(secret.stderr).not.toContain('hunter2');
  });

  it('context add replaces a context only with confirmation, and rejects invalid settings', async () => {
    await run('context', 'add', 'dev', '--kontrol', 'http://a/kite', '--to', '/bob/prod/math');
    expect((await run('context', 'add', 'dev', '--to', '/eve')).code).toBe(2);
    await run('context', 'add', 'dev', '--to', '/eve', '--force');
    const shown = await run('context', 'show', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ kontrol: 'http://a/kite', to: '/eve' });
    for (const flags of [
      ['--kontrol', 'a'],
      ['--to', 'a'],
      ['--timeout', 'soon'],
      ['--transport', 'pigeon'],
      ['--username', 'a/b'],
    ]) {
      expect((await run('context', 'add', 'other', ...flags)).code).toBe(2);
    }
    expect((await run('context', 'add', '../x')).code).toBe(2);
    const near = await run('context', 'use', 'dve');
    expect(near).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean dev?') as string });
  });

  it('a context provides --to, Kontrol and the kite key unless a flag or variable overrides them', async () => {
    const key = join(cli.home, '.kite', 'kite.key');
    await run('context', 'add', 'math', '--to', '/bob/prod/math', '--key-file', key);
    expect((await run('call', 'square', '4')).stdout).toBe('16\n');
    expect((await run('showkey', '-o', 'name')).stdout).toBe('bob\n');
    await run('context', 'add', 'away', '--to', 'http://127.0.0.1:1/kite', '--key-file', key);
    expect((await run('call', 'square', '4', '--context', 'away')).code).toBe(6);
    expect((await cli.run(['call', 'square', '4'], { env: { ...env, KITE_CONTEXT: 'away' } })).code).toBe(6);
    const flag = await run('--context', 'away', 'call', 'square', '4', '--to', math.url);
    expect(flag.stdout).toBe('16\n');
    const variable = await cli.run(['call', 'square', '4', '--context', 'away'], {
      env: { ...env, KITE_TO: math.url },
    });
    expect(variable.stdout).toBe('16\n');
    await run('context', 'add', 'lost', '--kontrol', 'http://127.0.0.1:1/kite', '--key-file', key);
    expect((await run('query', '/bob', '--context', 'lost')).code).toBe(6);
    expect((await run('query', '/bob', '--context', 'lost', '--kontrol', network.kontrol.url)).code).toBe(0);
    expect((await run('query', '/bob', '--context', 'nowhere')).code).toBe(2);
  });

  it('register creates a context with a kite key file of its own', async () => {
    const to = ['--to', network.kontrol.url];
    expect((await run('register', ...to, '--username', 'carol')).code).toBe(0);
    const second = await run('register', ...to, '--username', 'dave', '--context', 'dave', '--json');
    const file = join(env['KITE_HOME'] ?? '', 'keys', 'dave.key');
    expect(JSON.parse(second.stdout)).toMatchObject({ username: 'dave', file, context: 'dave' });
    expect((await run('showkey', '-o', 'name', '--context', 'dave')).stdout).toBe('dave\n');
    await run('context', 'add', 'first');
    await run('context', 'use', 'first');
    expect((await run('showkey', '-o', 'name')).stdout).toBe('carol\n');
    expect((await run('keys', 'list', '-o', 'name')).stdout.split('\n').toSorted()).toEqual([
      '',
      `carol@${network.kontrol.url}`,
      `dave@${network.kontrol.url}`,
    ]);
  });

  it('a malformed contexts file is reported with its path', async () => {
    await run('context', 'add', 'dev');
    const file = join(env['KITE_HOME'] ?? '', 'contexts.json');
    for (const text of ['{', '[]', '{"contexts":{"a":4}}', '{"contexts":{"a":{"keyStore":"sock"}}}']) {
      await writeFile(file, text);
      const { code, stderr } = await run('context', 'list');
      expect(code).toBe(3);
      expect(stderr).toContain(file);
    }
    expect(await readFile(file, 'utf8')).toContain('sock');
  });
});

describe('config explain', () => {
  const explained = async (...args: string[]): Promise<Record<string, { value: string; source: string }>> => {
    const { stdout } = await run('config', 'explain', '-o', 'ndjson', ...args);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { setting: string; value: string; source: string });
    return Object.fromEntries(lines.map(({ setting, value, source }) => [setting, { value, source }]));
  };

  it('config explain distinguishes flag, environment, context, kite key and default, in this order', async () => {
    const key = join(cli.home, '.kite', 'kite.key');
    env = { ...env, KITE_KEY_FILE: key };
    expect((await explained())['kontrol']).toEqual({ value: network.kontrol.url, source: 'kite key' });
    await run('context', 'add', 'dev', '--kontrol', 'http://a/kite', '--timeout', '4s');
    expect((await explained())['kontrol']).toEqual({ value: 'http://a/kite', source: 'context dev' });
    expect((await explained())['timeout']).toEqual({ value: '4s', source: 'context dev' });
    expect((await explained())['transport']).toEqual({ value: 'auto', source: 'default' });
    env['KITE_KONTROL_URL'] = 'http://me:secret@b/kite';
    expect((await explained())['kontrol']).toEqual({ value: 'http://…@b/kite', source: 'KITE_KONTROL_URL' });
    const flags = await explained('--kontrol', 'http://c/kite', '--key-file', key, '--context', 'dev');
    expect(flags['kontrol']).toEqual({ value: 'http://c/kite', source: '--kontrol' });
    expect(flags['kite key']).toEqual({ value: `of bob, at ${key}`, source: '--key-file' });
    expect(flags['context']).toEqual({ value: 'dev', source: '--context' });
  });

  it('config explain hides secrets and reports settings that cannot be used', async () => {
    env = { ...env, KITE_KEY: network.jwt, KONTROL_POSTGRES_PASSWORD: 'hunter2', KONTROL_SECRET: 'hunter2' };
    const { stdout } = await run('config', 'explain', '-o', 'yaml');
    expect(stdout).not.toContain('hunter2');
    expect(stdout).not.toContain(network.jwt);
    expect(stdout).toContain('KONTROL_POSTGRES_PASSWORD');
    env['KITE_KEY'] = 'no key';
    expect((await explained())['kite key']).toMatchObject({ source: 'KITE_KEY' });
    expect((await cli.terminal(['config', 'explain'], 80, { env })).stdout).toContain('│');
  });
});
