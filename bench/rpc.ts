/**
 * Measures calls per second, CPU and memory, as ratios to a bare `ws` echo in the same run, because ratios vary less than
 * absolute figures. The server and the client of each peer are separate processes. The rounds of all peers are interleaved.
 * Each round of a peer is compared with the previous round of the echo, and the result is the median.
 *
 *     npm run bench                                             # everything, in three minutes, or six with the peers below
 *     npm run bench -- --rounds 5 --ms 2000 --only 64 --peers bare,kitectl
 *
 * socket.io, Cap'n Web, tRPC and oRPC are measured as well if `npm ci --prefix bench` has installed them.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { PeerProcesses } from './peer-processes.js';
import { peerNames } from './peers/load-peer.js';
import {
  BYTES_1_MIB,
  BYTES_64_KIB,
  FILE,
  LARGE_BYTES,
  MEDIUM_BYTES,
  type Scenario,
  scenarios,
} from './scenarios.js';
import { createBenchFile, measureStreams } from './streams.js';
import { checkGoal, formatRatio, median, reportGoals, tableHeader, tableRow } from './table.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ms: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: peerNames.join(',') },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const peers = values.peers.split(',');

/** The goals, as ratios of kitectl to the bare echo. A scenario without a goal is measured for a comparison. */
const goals: Partial<Record<Scenario, number>> = {
  'one call at a time': 0.92,
  '64 concurrent calls': 2.3,
  '100 connections, 4 concurrent calls each': 1.9,
  '10 KiB of text, 16 concurrent': 1,
  '10 KiB of small objects, 16 concurrent': 0.8,
  '1 MiB of small objects, one at a time': 0.8,
  [BYTES_64_KIB]: 0.95,
  [BYTES_1_MIB]: 0.95,
  callbacks: 5,
  'stream of small items': 5,
  [FILE]: 0.8,
  'connect and first call': 0.9,
};
const KEY_GOAL = 0.8;
const KITE_JS_GOAL = 3;
const CPU_GOAL = 0.43;
const SOCKET_IO_GOAL = 2;
const STREAM_CPU_GOAL = 1.5;
const GROWTH_GOAL = 1.1;
const MEMORY_GOAL = 16;

/** The result of one round of one peer. */
interface RoundResult {
  /** Operations per second. */
  readonly rate: number;
  /** CPU time per operation, in microseconds. */
  readonly server: number;
  readonly client: number;
}

type PeerResults = ReadonlyMap<string, readonly RoundResult[]>;

async function measure(processes: readonly PeerProcesses[], scenario: Scenario): Promise<PeerResults> {
  const results = new Map(peers.map((name) => [name, [] as RoundResult[]]));
  for (let round = -1; round < rounds; round++) {
    for (const peer of processes) {
      const before = await peer.cpu();
      const { done, seconds } = await peer.run(scenario, ms);
      const { server, client } = await peer.cpu();
      // The first round is a warm-up, after which the code is compiled. A peer that cannot do it has done nothing.
      if (round < 0 || done === 0) continue;
      results.get(peer.name)?.push({
        rate: done / seconds,
        server: (server - before.server) / done,
        client: (client - before.client) / done,
      });
    }
  }
  return results;
}

/** Returns the median ratio of the rates of `name` and `other`. */
function ratio(results: PeerResults, name: string, other: string): number {
  const others = results.get(other) ?? [];
  return median(
    (results.get(name) ?? []).map(({ rate }, round) => rate / (others[round]?.rate ?? Number.NaN)),
  );
}

const IDLE_CONNECTIONS = 2000;
/** Number of connections that are opened first, while the heap grows to the size at which it collects garbage. */
const WARM_UP_CONNECTIONS = 500;

/** Returns the memory per idle connection in KiB. Uses new processes, because a used heap has free memory. */
async function memory(name: string): Promise<{ server: string; client: string; worst: number }> {
  const processes = await PeerProcesses.start(name);
  await processes.idle(WARM_UP_CONNECTIONS);
  const before = await processes.memory();
  await processes.idle(IDLE_CONNECTIONS);
  const after = await processes.memory();
  processes.stop();
  const kib = (end: 'server' | 'client', what: 'rss' | 'heap'): number =>
    (after[end][what] - before[end][what]) / IDLE_CONNECTIONS / 1024;
  const format = (end: 'server' | 'client'): string =>
    `${kib(end, 'rss').toFixed(1)} (${kib(end, 'heap').toFixed(1)})`;
  return {
    server: format('server'),
    client: format('client'),
    worst: Math.max(kib('server', 'rss'), kib('client', 'rss')),
  };
}

async function rates(processes: readonly PeerProcesses[]): Promise<Map<Scenario, PeerResults>> {
  const measured = new Map<Scenario, PeerResults>();
  tableHeader('per second', 'bare', ...peers.slice(1).map((name) => `${name}, × bare`), 'goal of kitectl');
  for (const scenario of Object.keys(scenarios) as Scenario[]) {
    if (!scenario.includes(values.only)) continue;
    const results =
      scenario === FILE
        ? await inNewProcesses((own) => measure(own, FILE))
        : await measure(processes, scenario);
    measured.set(scenario, results);
    const least = goals[scenario];
    const goal = least === undefined ? '' : `≥ ${least}`;
    const cells = peers.slice(1).map((name) => {
      const times = ratio(results, name, 'bare');
      return name === 'kitectl' && least !== undefined
        ? checkGoal(scenario, times, times >= least, goal)
        : formatRatio(times);
    });
    const baseline = median((results.get('bare') ?? []).map(({ rate }) => rate));
    tableRow(scenario, Math.round(baseline).toLocaleString('en'), ...cells, goal);
  }
  return measured;
}

/** Starts all peers for one scenario. */
async function inNewProcesses<Result>(
  use: (processes: readonly PeerProcesses[]) => Promise<Result>,
): Promise<Result> {
  const processes = await Promise.all(peers.map((name) => PeerProcesses.start(name)));
  try {
    return await use(processes);
  } finally {
    for (const peer of processes) peer.stop();
  }
}

function comparisons(measured: ReadonlyMap<Scenario, PeerResults>): void {
  const busy = measured.get('64 concurrent calls');
  if (!busy) return;
  const compare = (what: string, name: string, other: string, minimum: number): void => {
    if (!busy.has(name) || !busy.has(other)) return;
    const times = ratio(busy, name, other);
    tableRow(what, checkGoal(what, times, times >= minimum, `≥ ${minimum}`), `≥ ${minimum}`);
  };
  tableHeader('64 concurrent calls', '×', 'goal');
  compare('a kite key in every call, × no key', 'kitectl+key', 'kitectl', KEY_GOAL);
  compare('kitectl, × kite.js', 'kitectl', 'kite.js', KITE_JS_GOAL);
  if (!busy.has('kitectl')) return;
  const share = cpuOf(busy, 'kitectl') / cpuOf(busy, 'bare');
  const goal = `≤ ${CPU_GOAL}`;
  tableRow('CPU of both ends, × bare', checkGoal('CPU', share, share <= CPU_GOAL, goal), goal);
}

/** Compares streams with what socket.io does instead, and with plain calls. */
function compareStreams(measured: ReadonlyMap<Scenario, PeerResults>): void {
  const file = measured.get(FILE);
  if (file?.has('kitectl') && file.has('socket.io')) {
    tableHeader('streams of kitectl', '×', 'goal');
    const what = 'MB of a file, × socket.io';
    const times = ratio(file, 'kitectl', 'socket.io');
    const goal = `≥ ${SOCKET_IO_GOAL}`;
    tableRow(what, checkGoal(what, times, times >= SOCKET_IO_GOAL, goal), goal);
  }
  const plain = measured.get('one call at a time');
  const stream = measured.get('stream of 3 items, one at a time');
  if (!plain?.has('kitectl') || !stream) return;
  tableHeader('streams of kitectl', '×', 'goal');
  const what = 'CPU of a call with a stream of 3 items, × a plain call';
  const times = cpuOf(stream, 'kitectl') / cpuOf(plain, 'kitectl');
  const goal = `≤ ${STREAM_CPU_GOAL}`;
  tableRow(what, checkGoal(what, times, times <= STREAM_CPU_GOAL, goal), goal);
}

/** CPU time of both ends per operation, in microseconds. */
function cpuOf(results: PeerResults, name: string): number {
  return median((results.get(name) ?? []).map(({ server, client }) => server + client));
}

/** Compares the time per byte of the largest message with that of a medium one: growth that is linear has the ratio 1. */
function growth(measured: ReadonlyMap<Scenario, PeerResults>): void {
  const large = measured.get('16 MiB of text, one at a time');
  const medium = measured.get('100 KiB of text, one at a time');
  if (!large || !medium) return;
  const goal = `≤ ${GROWTH_GOAL}`;
  tableHeader('ns per byte of an echo', '100 KiB', '16 MiB', '16 MiB ÷ 100 KiB', 'goal of kitectl');
  for (const name of peers) {
    const perByte = (results: PeerResults, bytes: number): number =>
      1e9 / bytes / median((results.get(name) ?? []).map(({ rate }) => rate));
    const [small, big] = [perByte(medium, MEDIUM_BYTES), perByte(large, LARGE_BYTES)];
    const times = big / small;
    const what = 'ns per byte of 16 MiB, × 100 KiB';
    const cell = name === 'kitectl' ? checkGoal(what, times, times <= GROWTH_GOAL, goal) : times.toFixed(2);
    tableRow(name, small.toFixed(1), big.toFixed(1), cell, name === 'kitectl' ? goal : '');
  }
}

function cpu(measured: ReadonlyMap<Scenario, PeerResults>): void {
  tableHeader('CPU per call in µs, server + client', ...peers);
  for (const [scenario, results] of measured) {
    const cells = peers.map((name) => {
      const list = results.get(name) ?? [];
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
  checkGoal('KiB per idle connection', worst, worst <= MEMORY_GOAL, `≤ ${MEMORY_GOAL}`);
  tableHeader('KiB per idle connection (of which heap)', ...peers, 'goal of kitectl');
  for (const end of ['server', 'client'] as const) {
    tableRow(`at the ${end}`, ...peers.map((name) => found.get(name)?.[end] ?? ''), `≤ ${MEMORY_GOAL}`);
  }
}

console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim()}), ` +
    `${rounds} interleaved rounds of ${ms} ms after a warm-up, medians.`,
);
const hasStreams = 'streams'.includes(values.only);
if (hasStreams || FILE.includes(values.only)) process.on('exit', createBenchFile());
await inNewProcesses(async (processes) => {
  const measured = await rates(processes);
  comparisons(measured);
  compareStreams(measured);
  growth(measured);
  cpu(measured);
});
if (hasStreams) await measureStreams(peers);
if ('KiB per idle connection'.includes(values.only)) await memories();
reportGoals();
