import { spawn } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import { type Case, cases } from '../../helpers/cli/both-ways-cases.js';
import { bin, cleanEnv, type Outcome, root, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

/** One way through the program, with a world of its own: what a command does to it must not be seen on the other way. */
interface Side {
  readonly program: string;
  /** The same, in a place that has nothing of the other way. */
  readonly alone: string;
  readonly network: Network;
  readonly proxy: Running;
  /** What `{name}` stands for in a command line. */
  readonly names: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly aliases: readonly string[] }>>;
}

let sides: readonly [fast: Side, oclif: Side];
const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;

async function createSide(program: string, withoutOther: RegExp): Promise<Side> {
  const network = await Network.create({
    registration: 'open',
    environment: 'prod',
    page: join(root, 'dist', 'ui'),
  });
  const { home } = network.cli;
  const { kite } = await network.register();
  const key = (name: string): string => join(home, name);
  await writeFile(key('kontrol.key'), await network.keyOf('kontrol'), { mode: 0o600 });
  await copyFile(join(home, '.kite', 'kite.key'), key('copy.key'));
  await mkdir(join(home, 'folder', 'bin'), { recursive: true });
  await writeFile(join(home, 'folder', '.kite.json'), '{"name":"math","version":"1.2.0"}');
  await writeFile(join(home, 'folder', 'bin', 'math'), '#!/bin/sh\necho math $*\n');
  await chmod(join(home, 'folder', 'bin', 'math'), 0o755);
  const tunnel = ['proxy', 'start', '--tunnel', '--port', '0', '--json', '--environment', 'prod'];
  const proxy = network.cli.start([...tunnel, '--key-file', 'kontrol.key']);
  await proxy.until(({ stdout }) => stdout.includes('\n'));
  const names = {
    math: kite.url ?? '',
    origin: new URL(kite.url ?? '').origin,
    kontrol: network.kontrol.url,
    proxy: (JSON.parse(proxy.stdout) as { url: string }).url,
    evesKey: parseKiteKey(await network.keyOf('eve')).id,
  };
  const alone = await copyProgram(program, withoutOther, join(home, 'program'));
  return { program, alone, network, proxy, names };
}

/** A copy of the program, of which the files of `dist` are left out that `without` matches. */
async function copyProgram(program: string, without: RegExp, to: string): Promise<string> {
  for (const part of ['bin', 'package.json', 'oclif.manifest.json', relative(root, program)]) {
    await cp(join(root, part), join(to, part), { recursive: true });
  }
  const dist = join(root, 'dist');
  await mkdir(join(to, 'dist'));
  for (const name of (await readdir(dist)).filter((file) => !without.test(file))) {
    const folder = (await stat(join(dist, name))).isDirectory();
    if (folder) await symlink(join(dist, name), join(to, 'dist', name), 'junction');
    else await copyFile(join(dist, name), join(to, 'dist', name));
  }
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'), 'junction');
  return join(to, relative(root, program));
}

beforeAll(async () => {
  const oclif = join(root, 'test', 'helpers', 'through-oclif.cjs');
  sides = [await createSide(bin, /^through-oclif/), await createSide(oclif, /^commands-/)];
});

afterAll(async () => {
  for (const { network, proxy } of sides) {
    proxy.child.kill('SIGTERM');
    await proxy.outcome;
    await network.close();
  }
});

async function run(side: Side, words: readonly string[], { line, ...one }: Case): Promise<Outcome> {
  const filled = line.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => side.names[name] ?? '');
  const args = [...words, ...filled.split(' ').filter((word) => word !== '')];
  const { home } = side.network.cli;
  const { home: whose = 'bob', serves, measured } = one;
  const kiteHome = whose === 'bob' ? {} : { KITE_HOME: join(home, whose) };
  const child = spawn(process.execPath, [one.alone ? side.alone : side.program, ...args], {
    cwd: home,
    env: cleanEnv(home, { ...kiteHome, ...one.env }),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {}).end(one.input);
  const running = new Running(child);
  if (serves === 'watches') {
    await expect.poll(() => side.network.kontrol.status().watchers, { timeout: 30_000 }).toBe(1);
    child.kill('SIGTERM');
  } else if (serves) {
    await running.until(({ stdout, stderr }) => serves.test(stdout) || serves.test(stderr));
    child.kill('SIGTERM');
  }
  const { code, stdout, stderr } = await running.outcome;
  const plain = (text: string): string =>
    withoutChance(measured ? text.replace(measured, '<n>') : text, home);
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

/** What is another one in each world: places, ports, times, and ids and secrets made by chance. */
function withoutChance(text: string, home: string): string {
  return text
    .replaceAll(home, '<home>')
    .replaceAll(/(?<=(?:127\.0\.0\.1|localhost):)\d{5}/g, '<port>')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/g, '<time>')
    .replaceAll(/(?<="iat":)\d{10}/g, '<time>')
    .replaceAll(/^[\w-]{32}$|(?<=#sign-in=)[\w-]{32}/gm, '<code>')
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>')
    .replaceAll(/(?<=request )[0-9a-f]{16}|(?<="requestId":")[0-9a-f]{16}/g, '<id>');
}

/** What the fast path says, and what oclif says. They run at once: each has its world. */
function both(words: readonly string[], one: Case): Promise<[Outcome, Outcome]> {
  const [fast, oclif] = sides;
  return Promise.all([run(fast, words, one), run(oclif, words, one)]);
}

describe('the fast path and oclif', () => {
  it('are compared for every command of the manifest', () => {
    expect(Object.keys(cases).toSorted()).toEqual(Object.keys(manifest.commands).toSorted());
  });

  it.each([
    '--version',
    '-version',
    '--version --json',
    '',
    'help',
    'help call',
    'help keys',
    'help exit-codes',
    'help nothing',
    'keys',
    'keys lst',
    'cal square',
    '--nope',
    '--json showkey',
    '-o yaml context list',
    '--color pink showkey --json',
    'kontrol:keys:list --nope',
    'showkey -- --help',
    '-- showkey',
  ])('say the same of a line that begins with no command, or hides it: kitectl %s', async (line) => {
    const [fast, oclif] = await both([], { line });
    expect(fast).toEqual(oclif);
  });

  it('say the same of commands by their other names', async () => {
    const aliases = Object.values(manifest.commands).flatMap((command) => command.aliases);
    expect(aliases).not.toEqual([]);
    for (const alias of aliases) {
      for (const line of ['', '--help', '--color pink']) {
        const [fast, oclif] = await both(alias.split(':'), { line });
        expect([alias, line, fast]).toEqual([alias, line, oclif]);
      }
    }
  });

  it.each(Object.entries(cases))('say the same of %s', async (id, { bare, works }) => {
    const words = id.split(':');
    const lines: Case[] = [
      { line: '', ...bare },
      { line: '--help' },
      { line: '--nope 4', alone: true },
      { line: '--color pink' },
      ...works,
    ];
    for (const one of lines) {
      const [fast, oclif] = await both(words, one);
      expect([one.line, fast]).toEqual([one.line, oclif]);
      if (one.alone) expect(fast.stderr).toMatch(/^error: There is no flag --nope here\./);
    }
  });
});
