import { spawn } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import { type Case, cases } from '../../helpers/cli/both-ways-cases.js';
import { cleanEnv, type Outcome, root, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { LineProcess, runLines } from '../../helpers/cli/line-process.js';

/** One implementation of the program, with a separate world, so that the effects of its commands do not affect the other. */
interface Side {
  /** The folder of a copy of the package. */
  readonly root: string;
  /** The same, without the files of the other implementation. */
  readonly alone: string;
  /** The program in these folders, and the function of `dist/cli.cjs` that it calls. */
  readonly program: string;
  readonly entry: string;
  readonly network: Network;
  readonly proxy: Running;
  /** Runs the lines that need no process of their own. */
  readonly lines: LineProcess;
  /** The values of `{name}` in a command line. */
  readonly names: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly id: string; readonly aliases: readonly string[] }>>;
}

let sides: readonly [fast: Side, oclif: Side];
let quick: ReadonlyMap<string, Pair>;
/** Lines that are run for each command, and end before it does anything. */
const HELP = '--help';
const UNKNOWN_FLAG = '--nope 4';
const BAD_VALUE = '--color pink';

const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;

/** The differences between the sides. */
interface Kind {
  readonly program: string;
  readonly entry: string;
  /** Files of `dist` that the other side needs to run. */
  readonly other: RegExp;
}

const FAST: Kind = { program: join('bin', 'run.js'), entry: 'run', other: /^through-oclif/ };
const OCLIF: Kind = {
  program: join('test', 'helpers', 'through-oclif.cjs'),
  entry: 'runThroughOclif',
  other: /^commands-/,
};

async function createSide({ program, entry, other }: Kind): Promise<Side> {
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
  const copies = { root: join(home, 'program'), alone: join(home, 'alone') };
  await copyPackage(copies.root, program);
  await copyPackage(copies.alone, program, other);
  const lines = new LineProcess({ home, from: copies.root, entry });
  return { ...copies, program, entry, network, proxy, lines, names };
}

/** A copy of the package, without the files of `dist` that `without` matches. */
async function copyPackage(to: string, program: string, without?: RegExp): Promise<void> {
  for (const part of ['bin', 'package.json', 'oclif.manifest.json', program]) {
    await cp(join(root, part), join(to, part), { recursive: true });
  }
  const dist = join(root, 'dist');
  await mkdir(join(to, 'dist'));
  for (const name of (await readdir(dist)).filter((file) => !without?.test(file))) {
    const folder = (await stat(join(dist, name))).isDirectory();
    if (folder) await symlink(join(dist, name), join(to, 'dist', name), 'junction');
    else await copyFile(join(dist, name), join(to, 'dist', name));
  }
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'), 'junction');
}

beforeAll(async () => {
  sides = await Promise.all([createSide(FAST), createSide(OCLIF)]);
  quick = await quickOutcomes(sides);
});

afterAll(async () => {
  for (const { network, proxy, lines } of sides) {
    await lines.close();
    proxy.child.kill('SIGTERM');
    await proxy.outcome;
    await network.close();
  }
});

/** Lines that run no command: each is in `quick`. */
const WITHOUT_COMMAND = [
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
];

function wordsOf(side: Side, line: string): string[] {
  const filled = line.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => side.names[name] ?? '');
  return filled.split(' ').filter((word) => word !== '');
}

/** Runs a line in a separate process if it needs one. */
async function run(side: Side, words: readonly string[], one: Case): Promise<Outcome> {
  const args = [...words, ...wordsOf(side, one.line)];
  const { home } = side.network.cli;
  const { home: whose = 'bob', measured } = one;
  const kiteHome = whose === 'bob' ? {} : { KITE_HOME: join(home, whose) };
  const env = { ...kiteHome, ...one.env };
  const { code, stdout, stderr } = await (one.alone || one.serves
    ? runAlone(side, args, env, one)
    : side.lines.run({ args, env, input: one.input }));
  const plain = (text: string): string =>
    withoutChance(measured ? text.replace(measured, '<n>') : text, home);
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

/** Runs a line in a process of its own. */
async function runAlone(
  side: Side,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input, serves }: Case,
): Promise<Outcome> {
  const { home } = side.network.cli;
  const child = spawn(process.execPath, [join(side.root, side.program), ...args], {
    cwd: home,
    env: cleanEnv(home, env),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {}).end(input);
  const running = new Running(child);
  if (serves === 'watches') {
    await expect.poll(() => side.network.kontrol.status().watchers, { timeout: 30_000 }).toBe(1);
    child.kill('SIGTERM');
  } else if (serves) {
    await running.until(({ stdout, stderr }) => serves.test(stdout) || serves.test(stderr));
    child.kill('SIGTERM');
  }
  return running.outcome;
}

function plainOutcome({ code, stdout, stderr }: Outcome, home: string): Outcome {
  return { code, stdout: withoutChance(stdout, home), stderr: withoutChance(stderr, home) };
}

type Pair = readonly [fast: Outcome, oclif: Outcome];

/** The outcomes of lines that end before a command does anything: a process for each would take longer than the rest. */
async function quickOutcomes(both: typeof sides): Promise<ReadonlyMap<string, Pair>> {
  const ids = Object.values(manifest.commands).flatMap(({ id, aliases }) => [id, ...aliases]);
  const words = ids.map((id) => id.replaceAll(':', ' '));
  const lines = [
    ...WITHOUT_COMMAND,
    ...words.flatMap((id) => [HELP, BAD_VALUE].map((rest) => `${id} ${rest}`)),
  ];
  // Lines that only one side can run.
  const alone = words.map((id) => `${id} ${UNKNOWN_FLAG}`);
  const [fast, oclif] = await Promise.all(
    both.map(async (side) => {
      const { home } = side.network.cli;
      const argsOf = (line: string): string[] => wordsOf(side, line);
      const outcomes: Outcome[] = [];
      for (const line of lines) outcomes.push(await side.lines.run({ args: argsOf(line) }));
      const options = { home, from: side.alone, entry: side.entry };
      outcomes.push(...(await runLines(alone.map(argsOf), options)));
      return outcomes.map((outcome) => plainOutcome(outcome, home));
    }),
  );
  return new Map(
    [...lines, ...alone].map((line, index) => {
      const [one, other] = [fast?.[index], oclif?.[index]];
      if (!one || !other) throw new Error(`There is no outcome of ${line}`);
      return [line, [one, other]];
    }),
  );
}

/** Replaces the values that differ between the worlds: paths, ports, times, and random ids and secrets. */
function withoutChance(text: string, home: string): string {
  return text
    .replaceAll(home, '<home>')
    .replaceAll(/(?<=(?:127\.0\.0\.1|localhost):)\d{5}/g, '<port>')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/g, '<time>')
    .replaceAll(/(?<="iat":)\d{10}|(?<="registeredAt":)\d{13}/g, '<time>')
    .replaceAll(/^[\w-]{32}$|(?<=#sign-in=)[\w-]{32}/gm, '<code>')
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>')
    .replaceAll(/(?<=request )[0-9a-f]{16}|(?<="requestId":")[0-9a-f]{16}/g, '<id>');
}

/** The outcomes of the fast path and of oclif. They run concurrently: each has a separate world. */
function both(words: readonly string[], one: Case): Promise<Pair> {
  const [fast, oclif] = sides;
  return Promise.all([run(fast, words, one), run(oclif, words, one)]);
}

function quickly(line: string): Pair {
  const pair = quick.get(line);
  if (!pair) throw new Error(`${line} has not been run`);
  return pair;
}

describe('the fast path and oclif', () => {
  it('the fast path and oclif are compared for every command of the manifest', () => {
    expect(Object.keys(cases).toSorted()).toEqual(Object.keys(manifest.commands).toSorted());
  });

  it.each(WITHOUT_COMMAND)(
    'the fast path and oclif handle alike a command line with an unusual start: kitectl %s',
    (line) => {
      const [fast, oclif] = quickly(line);
      expect(fast).toEqual(oclif);
    },
  );

  it('a command line has the same result in its own process as among others in one process', async () => {
    for (const line of ['--version', 'help call', 'keys lst', 'call --color pink']) {
      expect([line, ...(await both([], { line, alone: true }))]).toEqual([line, ...quickly(line)]);
    }
  });

  it('the fast path and oclif handle aliases of commands alike', async () => {
    const aliases = Object.values(manifest.commands).flatMap((command) => command.aliases);
    expect(aliases).not.toEqual([]);
    for (const alias of aliases) {
      const words = alias.split(':');
      const [fast, oclif] = await both(words, { line: '' });
      expect([alias, fast]).toEqual([alias, oclif]);
      for (const line of [HELP, UNKNOWN_FLAG, BAD_VALUE]) {
        const [one, other] = quickly([...words, line].join(' '));
        expect([alias, line, one]).toEqual([alias, line, other]);
      }
    }
  });

  it.each(Object.entries(cases))('the fast path and oclif handle alike %s', async (id, { bare, works }) => {
    const words = id.split(':');
    for (const line of [HELP, UNKNOWN_FLAG, BAD_VALUE]) {
      const [fast, oclif] = quickly([...words, line].join(' '));
      expect([line, fast]).toEqual([line, oclif]);
    }
    const [{ stderr }] = quickly([...words, UNKNOWN_FLAG].join(' '));
    expect(stderr).toMatch(/^error: Unknown flag: --nope/);
    for (const one of [{ line: '', ...bare }, ...works]) {
      const [fast, oclif] = await both(words, one);
      expect([one.line, fast]).toEqual([one.line, oclif]);
    }
  });
});
