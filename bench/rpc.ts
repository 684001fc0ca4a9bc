/**
 * Calls a second, CPU and memory, against a bare `ws` echo in the same run: machines are noisy, ratios less so. Every peer
 * has its server and its client in processes of their own. The rounds of all peers are interleaved, each round of a peer
 * is compared with the round of the echo just before it, and the median of the rounds counts.
 *
 *     npm run bench                                             # everything, three minutes
 *     npm run bench -- --rounds 5 --ms 2000 --only 64 --peers bare,kitectl
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { PeerProcesses } from './peer-processes.js';
import { type Scenario, scenarios } from './scenarios.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: 'bare,kitectl,kitectl+key,kite.js' },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const peers = values.peers.split(',');

/** What each section has to reach, as a ratio of kitectl to the bare echo. */
const goals: Record<Scenario, number> = {
  'one call at a time': 0.75,
  '64 calls in flight': 0.8,
  '100 connections, 4 in flight each': 0.75,
  '10 KiB echo, 64 in flight': 0.6,
  callbacks: 2,
  'connect and first call': 0.9,
};
const KEY_GOAL = 0.8;
const KITE_JS_GOAL = 3;
const MEMORY_GOAL = 16;

/** One round of one peer. */
interface RoundResult {
  /** How many a second. */
  readonly rate: number;
  /** Microseconds of CPU that one takes. */
  readonly server: number;
  readonly client: number;
}

type PeerResults = ReadonlyMap<string, readonly RoundResult[]>;

async function measure(running: readonly PeerProcesses[], scenario: Scenario): Promise<PeerResults> {
  const figures = new Map(peers.map((name) => [name, [] as RoundResult[]]));
  for (let round = -1; round < rounds; round++) {
    for (const peer of running) {
      const before = await peer.cpu();
      const { done, seconds } = await peer.run(scenario, ms);
      const { server, client } = await peer.cpu();
      // The first round only warms up: what counts is compiled code.
      if (round < 0) continue;
      figures.get(peer.name)?.push({
        rate: done / seconds,
        server: (server - before.server) / done,
        client: (client - before.client) / done,
      });
    }
  }
  return figures;
}

/** The median over the rounds of how much faster `name` was than `other`. */
function ratio(figures: PeerResults, name: string, other: string): number {
  const others = figures.get(other) ?? [];
  return median(
    (figures.get(name) ?? []).map(({ rate }, round) => rate / (others[round]?.rate ?? Number.NaN)),
  );
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

const IDLE_CONNECTIONS = 3000;
/** Opened before, while the heap still grows to the size at which it collects garbage. */
const WARM_UP_CONNECTIONS = 500;

/** KiB that an idle connection takes, in processes of their own: what ran before would have left room for it. */
async function memory(name: string): Promise<{ server: string; client: string; worst: number }> {
  const running = await PeerProcesses.start(name);
  await running.idle(WARM_UP_CONNECTIONS);
  const before = await running.memory();
  await running.idle(IDLE_CONNECTIONS);
  const after = await running.memory();
  running.stop();
  const kib = (end: 'server' | 'client', what: 'rss' | 'heap'): number =>
    (after[end][what] - before[end][what]) / IDLE_CONNECTIONS / 1024;
  const show = (end: 'server' | 'client'): string =>
    `${kib(end, 'rss').toFixed(1)} (${kib(end, 'heap').toFixed(1)})`;
  return {
    server: show('server'),
    client: show('client'),
    worst: Math.max(kib('server', 'rss'), kib('client', 'rss')),
  };
}

const missed: string[] = [];

/** The value as text. Where it is no goal of kitectl's that was reached, it is remembered. */
function checkGoal(what: string, value: number, reached: boolean, goal: string): string {
  if (!reached && !Number.isNaN(value)) missed.push(`${what}: ${value.toFixed(2)} (${goal})`);
  return value.toFixed(2);
}

function tableRow(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function tableHeader(...cells: readonly string[]): void {
  console.log();
  tableRow(...cells);
  tableRow(...cells.map(() => '---'));
}

async function rates(running: readonly PeerProcesses[]): Promise<Map<Scenario, PeerResults>> {
  const measured = new Map<Scenario, PeerResults>();
  tableHeader('a second', 'bare', ...peers.slice(1).map((name) => `${name}, times bare`), 'goal of kitectl');
  for (const scenario of Object.keys(scenarios) as Scenario[]) {
    if (!scenario.includes(values.only)) continue;
    const figures = await measure(running, scenario);
    measured.set(scenario, figures);
    const goal = `≥ ${goals[scenario]}`;
    const cells = peers.slice(1).map((name) => {
      const times = ratio(figures, name, 'bare');
      return name === 'kitectl'
        ? checkGoal(scenario, times, times >= goals[scenario], goal)
        : times.toFixed(2);
    });
    const floor = median((figures.get('bare') ?? []).map(({ rate }) => rate));
    tableRow(scenario, Math.round(floor).toLocaleString('en'), ...cells, goal);
  }
  return measured;
}

function comparisons(measured: ReadonlyMap<Scenario, PeerResults>): void {
  const busy = measured.get('64 calls in flight');
  if (!busy) return;
  const compare = (what: string, name: string, other: string, least: number): void => {
    if (!busy.has(name) || !busy.has(other)) return;
    const times = ratio(busy, name, other);
    tableRow(what, checkGoal(what, times, times >= least, `≥ ${least}`), `≥ ${least}`);
  };
  tableHeader('64 calls in flight', 'times', 'goal');
  compare('a kite key on every call, times none', 'kitectl+key', 'kitectl', KEY_GOAL);
  compare('kitectl, times kite.js', 'kitectl', 'kite.js', KITE_JS_GOAL);
}

function cpu(measured: ReadonlyMap<Scenario, PeerResults>): void {
  tableHeader('CPU in µs for one, server + client', ...peers);
  for (const [scenario, figures] of measured) {
    const cells = peers.map((name) => {
      const list = figures.get(name) ?? [];
      const of = (end: 'server' | 'client'): string => median(list.map((round) => round[end])).toFixed(1);
      return `${of('server')} + ${of('client')}`;
    });
    tableRow(scenario, ...cells);
  }
}

async function memories(): Promise<void> {
  const found = new Map<string, Awaited<ReturnType<typeof memory>>>();
  for (const name of peers) found.set(name, await memory(name));
  const worst = found.get('kitectl')?.worst ?? Number.NaN;
  checkGoal('KiB of memory an idle connection', worst, worst <= MEMORY_GOAL, `≤ ${MEMORY_GOAL}`);
  tableHeader('KiB an idle connection, of them in the heap', ...peers, 'goal of kitectl');
  for (const end of ['server', 'client'] as const) {
    tableRow(`at the ${end}`, ...peers.map((name) => found.get(name)?.[end] ?? ''), `≤ ${MEMORY_GOAL}`);
  }
}

console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim()}), ` +
    `${rounds} interleaved rounds of ${ms} ms after one to warm up, medians.`,
);
const running = await Promise.all(peers.map((name) => PeerProcesses.start(name)));
try {
  const measured = await rates(running);
  comparisons(measured);
  cpu(measured);
} finally {
  for (const peer of running) peer.stop();
}
if ('KiB an idle connection'.includes(values.only)) await memories();
console.log(missed.length === 0 ? '\nEvery goal is reached.' : `\nMissed: ${missed.join('; ')}`);
