/**
 * How long a command takes from its start to its end, and how much CPU, as ratios to `node -e 0` in the same run. Rounds are
 * interleaved, so that a machine that is busy for a moment is busy for all of them; medians are printed, and whether the
 * goals are met.
 *
 *     npm run bench:startup -- 41        rounds, default 21
 *
 * It measures the Node that it runs in, so that the build has to be of the same one.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'kitectl-startup-'));
// Where the first is set, Node reads it at every start, which costs more than a command; the other changes what is measured.
const { NODE_EXTRA_CA_CERTS: _ca, NODE_COMPILE_CACHE: _cache, ...inherited } = process.env;
const env = { ...inherited, HOME: home, KITE_HOME: home };

/** A command line, and the ratio that it must not pass. */
interface Measurement {
  readonly name: string;
  readonly args: readonly string[];
  readonly goal?: number;
}

interface Peers {
  readonly child: ChildProcess;
  readonly url: string;
  readonly path: string;
}

/** A Kontrol and a kite that is registered there. */
async function startPeers(): Promise<Peers> {
  const child = fork(fileURLToPath(new URL('startup-child.ts', import.meta.url)), [home], {
    execArgv: ['--import', 'tsx', '--no-warnings'],
    env,
  });
  const [{ url, path }] = (await once(child, 'message')) as [Omit<Peers, 'child'>];
  return { child, url, path };
}

function commandLines({ url, path }: Peers): Measurement[] {
  const kitectl = (...args: string[]): string[] => [join(root, 'bin', 'run.js'), ...args];
  return [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'kitectl --version', args: kitectl('--version'), goal: 2 },
    { name: 'kitectl --help', args: kitectl('--help') },
    { name: 'kitectl showkey', args: kitectl('showkey'), goal: 2 },
    { name: 'kitectl call square 4', args: kitectl('call', 'square', '4', '--to', url), goal: 2.8 },
    { name: 'kitectl query', args: kitectl('query', path), goal: 3 },
  ];
}

/** Milliseconds that passed, and milliseconds of CPU, user and system together. */
interface Cost {
  readonly time: number;
  readonly cpu: number;
}

function runOnce({ name, args }: Measurement): Cost {
  const before = cpuOfChildren();
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.toString()}`);
  if (name.startsWith('kitectl') && stdout.length === 0) throw new Error(`${name} printed nothing`);
  return { time, cpu: cpuOfChildren() - before };
}

/**
 * Milliseconds of CPU of all children that have ended; NaN where the system does not tell. It counts in steps of 10 ms, which
 * even out over the rounds.
 */
function cpuOfChildren(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // What stands behind the name, which may hold anything; cutime and cstime are the 16th and 17th of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[13]) + Number(fields[14]));
  } catch {
    return Number.NaN;
  }
}

function measure(rounds: number, all: readonly Measurement[]): void {
  const costs = all.map(() => [] as Cost[]);
  // The first round only warms up: files that have not been read yet, for one.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, one] of all.entries()) {
      const cost = runOnce(one);
      if (round > 0) costs[index]?.push(cost);
    }
  }
  console.log(`Node ${process.version}, ${rounds} rounds: the median time, the mean CPU\n`);
  const results = costs.map((list) => ({
    time: median(list.map(({ time }) => time)),
    cpu: mean(list.map(({ cpu }) => cpu)),
  }));
  const [base = { time: Number.NaN, cpu: Number.NaN }] = results;
  for (const [index, { name, goal }] of all.entries()) {
    const { time, cpu } = results[index] ?? base;
    const ratio = time / base.time;
    const verdict =
      goal === undefined ? '' : `goal ≤ ${goal.toFixed(1)}: ${ratio <= goal ? 'met' : 'missed'}`;
    console.log(
      `${name.padEnd(22)} ${time.toFixed(1).padStart(6)} ms ${ratio.toFixed(2).padStart(5)} ×` +
        `   CPU ${cpu.toFixed(1).padStart(6)} ms ${(cpu / base.cpu).toFixed(2).padStart(5)} ×   ${verdict}`.trimEnd(),
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

try {
  const peers = await startPeers();
  try {
    measure(Number(process.argv[2] ?? 21), commandLines(peers));
  } finally {
    peers.child.kill();
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
