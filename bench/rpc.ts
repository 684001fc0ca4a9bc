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

async function measure(running: readonly Running[], scenario: Scenario): Promise<Map<string, number>> {
  const rates = new Map(running.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, client, url } of running) {
      rates.get(name)?.push((await client.tell({ do: 'run', scenario, url, ms })) as number);
    }
  }
  return new Map([...rates].map(([name, list]) => [name, median(list)]));
}

const IDLE = 1000;

async function memory({ server, client, url }: Running): Promise<number> {
  await client.tell({ do: 'idle', url, count: 10 });
  const before = (await server.tell({ do: 'memory' })) as number;
  await client.tell({ do: 'idle', url, count: IDLE });
  const after = (await server.tell({ do: 'memory' })) as number;
  await client.tell({ do: 'release' });
  return (after - before) / IDLE / 1024;
}

const running = await Promise.all(peers.map(start));
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
try {
  console.log(
    `Node ${process.version}, ${rounds} interleaved rounds of ${ms} ms, medians; ratios to the bare ws echo\n`,
  );
  row(['what', 'bare, a second', ...peers.slice(1), 'goal']);
  row(['what', ...peers, ''].map(() => '---'));
  for (const scenario of Object.keys(scenarios) as Scenario[]) {
    if (!scenario.includes(values.only)) continue;
    const rates = await measure(running, scenario);
    const floor = rates.get('bare') ?? Number.NaN;
    const ratios = peers.slice(1).map((name) => ((rates.get(name) ?? Number.NaN) / floor).toFixed(2));
    row([scenario, Math.round(floor).toLocaleString('en'), ...ratios, `≥ ${goals[scenario]}`]);
  }
  if ('memory'.includes(values.only) || values.only === '') {
    const kib: string[] = [];
    for (const peer of running) kib.push((await memory(peer)).toFixed(1));
    row(['KiB of memory an idle connection', ...kib, '≤ 16']);
  }
} finally {
  for (const { server, client } of running) {
    server.stop();
    client.stop();
  }
}
