/**
 * Measures the time and CPU of commands, as ratios to `node -e 0` in the same run. Rounds are interleaved, so that a short load
 * of the machine affects all commands. Prints the medians, and whether the goals are met.
 *
 *     npm run bench:startup -- 41        # number of rounds, default 21
 *
 * Measures the Node that runs it, which must also have built the program.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'kitectl-startup-'));
// Node reads NODE_EXTRA_CA_CERTS at each start, which takes longer than a command. NODE_COMPILE_CACHE affects the measurement.
const { NODE_EXTRA_CA_CERTS: _ca, NODE_COMPILE_CACHE: _cache, ...inherited } = process.env;
const env = { ...inherited, HOME: home, KITE_HOME: home };

/** A command line, and its maximum ratio. */
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

/** Starts a Kontrol and a registered kite. */
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

/** Elapsed time, and CPU time (user and system), in milliseconds. */
interface Cost {
  readonly time: number;
  readonly cpu: number;
}

function runOnce({ name, args }: Measurement): Cost {
  const before = cpuOfChildren();
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`${name} exited with ${status}: ${stderr.toString()}`);
  if (name.startsWith('kitectl') && stdout.length === 0) throw new Error(`${name} printed nothing`);
  return { time, cpu: cpuOfChildren() - before };
}

/**
 * Returns the CPU time of all children that have exited, in milliseconds. Returns NaN if the system does not report it. The
 * resolution is 10 ms, which averages out over the rounds.
 */
function cpuOfChildren(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The fields after the name, which may contain any character. cutime and cstime are the fields 16 and 17 of the line.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[13]) + Number(fields[14]));
  } catch {
    return Number.NaN;
  }
}

function measure(rounds: number, all: readonly Measurement[]): void {
  const costs = all.map(() => [] as Cost[]);
  // The first round is a warm-up, for example of the file cache.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, measurement] of all.entries()) {
      const cost = runOnce(measurement);
      if (round > 0) costs[index]?.push(cost);
    }
  }
  console.log(`Node ${process.version}, ${rounds} rounds: median time, mean CPU\n`);
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
