/**
 * Calls a second and memory a connection, as ratios to a bare `ws` echo in the same run: machines are noisy, ratios less
 * so. Every peer has its server and its client in processes of their own; the rounds of all peers are interleaved, and
 * the median of the rounds counts.
 *
 *     npm run bench                    # everything
 *     npm run bench -- --rounds 5 --ms 2000 --only 64
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateKeyPairSync } from 'node:crypto';
import type { Order } from './child.js';
import { type Scenario, scenarios } from './scenarios.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ms: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: 'bare,kitectl,kitectl+key,kite.js' },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const peers = values.peers.split(',');
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

/** What each section has to reach, as a ratio of kitectl to the bare echo. */
const goals: Record<Scenario, number> = {
  'one call at a time': 0.75,
  '64 calls in flight': 0.8,
  '100 connections, 4 in flight each': 0.75,
  '10 KiB echo, 64 in flight': 0.6,
  callbacks: 2,
  'connect and first call': 0.9,
};

class Child {
  readonly #process: ChildProcess;

  constructor(role: string, peer: string) {
    this.#process = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [role, peer], {
      execArgv: ['--import', 'tsx', '--expose-gc', '--no-warnings'],
      env: { ...process.env, BENCH_KEY: key.toString(), NODE_EXTRA_CA_CERTS: undefined },
    });
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', ({ value, error }: { value: unknown; error?: string }) => {
        if (error) reject(new Error(error));
        else resolve(value);
      });
    });
  }

  tell(order: Order): Promise<unknown> {
    const answer = this.next();
    this.#process.send(order);
    return answer;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

interface Running {
  readonly name: string;
  readonly server: Child;
  readonly client: Child;
  readonly url: string;
}

async function start(name: string): Promise<Running> {
  const server = new Child('server', name);
  const client = new Child('client', name);
  await Promise.all([server.next(), client.next()]);
  return { name, server, client, url: (await server.tell({ do: 'listen' })) as string };
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

interface Figures {
  /** How many a second. */
  readonly rate: number;
  /** Microseconds of CPU that one takes, of both ends together. */
  readonly cpu: number;
}

async function cpuTime({ server, client }: Running): Promise<number> {
  return ((await server.tell({ do: 'cpu' })) as number) + ((await client.tell({ do: 'cpu' })) as number);
}

async function measure(running: readonly Running[], scenario: Scenario): Promise<Map<string, Figures>> {
  const figures = new Map(running.map(({ name }) => [name, [] as Figures[]]));
  for (let round = -1; round < rounds; round++) {
    for (const peer of running) {
      const { name, client, url } = peer;
      const before = await cpuTime(peer);
      const rate = (await client.tell({ do: 'run', scenario, url, ms })) as number;
      const cpu = ((await cpuTime(peer)) - before) / ((rate * ms) / 1000);
      // The first round only warms up: what counts is compiled code.
      if (round >= 0) figures.get(name)?.push({ rate, cpu });
    }
  }
  return new Map(
    [...figures].map(([name, list]) => [
      name,
      { rate: median(list.map(({ rate }) => rate)), cpu: median(list.map(({ cpu }) => cpu)) },
    ]),
  );
}

const IDLE = 2000;

/** In processes of their own: what ran before would have left room for the new connections. */
async function memory(name: string): Promise<number> {
  const { server, client, url } = await start(name);
  await client.tell({ do: 'idle', url, count: 100 });
  const before = (await server.tell({ do: 'memory' })) as number;
  await client.tell({ do: 'idle', url, count: IDLE });
  const after = (await server.tell({ do: 'memory' })) as number;
  server.stop();
  client.stop();
  return (after - before) / IDLE / 1024;
}

const running = await Promise.all(peers.map(start));
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
const missed: string[] = [];

function judge(what: string, value: number, goal: number, reached = value >= goal): string {
  if (!reached) missed.push(`${what}: ${value.toFixed(2)}, the goal is ${goal}`);
  return value.toFixed(2);
}

try {
  console.log(
    `Node ${process.version}, ${rounds} interleaved rounds of ${ms} ms after one to warm up, medians.\n` +
      'Ratios to the bare ws echo of the same run; behind each, the CPU that one takes at both ends, in µs.\n',
  );
  row(['what', 'bare, a second', ...peers.slice(1), 'goal of kitectl']);
  row(['what', ...peers, ''].map(() => '---'));
  const measured = new Map<Scenario, Map<string, Figures>>();
  for (const scenario of Object.keys(scenarios) as Scenario[]) {
    if (!scenario.includes(values.only)) continue;
    const figures = await measure(running, scenario);
    measured.set(scenario, figures);
    const floor = figures.get('bare')?.rate ?? Number.NaN;
    const cells = peers.slice(1).map((name) => {
      const { rate = Number.NaN, cpu = Number.NaN } = figures.get(name) ?? {};
      const ratio =
        name === 'kitectl' ? judge(scenario, rate / floor, goals[scenario]) : (rate / floor).toFixed(2);
      return `${ratio} (${cpu.toFixed(1)})`;
    });
    const bare = `${Math.round(floor).toLocaleString('en')} (${figures.get('bare')?.cpu.toFixed(1)})`;
    row([scenario, bare, ...cells, `≥ ${goals[scenario]}`]);
  }
  if (values.only === '') {
    const kib: number[] = [];
    for (const name of peers) kib.push(await memory(name));
    const ours = kib[peers.indexOf('kitectl')] ?? Number.NaN;
    judge('KiB an idle connection', ours, 16, ours <= 16);
    row(['KiB of memory an idle connection', ...kib.map((value) => value.toFixed(1)), '≤ 16']);
  }
  const busy = measured.get('64 calls in flight');
  const ratio = (a: string, b: string): number =>
    (busy?.get(a)?.rate ?? Number.NaN) / (busy?.get(b)?.rate ?? Number.NaN);
  if (busy?.has('kitectl+key')) {
    const kept = judge('with a kite key on every call', ratio('kitectl+key', 'kitectl'), 0.8);
    console.log(`\n64 in flight, a kite key on every call: ${kept} of the same without (goal ≥ 0.8)`);
  }
  if (busy?.has('kite.js')) {
    const times = judge('64 in flight, times kite.js', ratio('kitectl', 'kite.js'), 3);
    console.log(`64 in flight, against kite.js: ${times} × (goal ≥ 3)`);
  }
  console.log(missed.length === 0 ? '\nEvery goal is reached.' : `\nMissed: ${missed.join('; ')}`);
} finally {
  for (const { server, client } of running) {
    server.stop();
    client.stop();
  }
}
