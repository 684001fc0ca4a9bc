/**
 * Measures calls per second, latency and CPU through each proxy, as ratios to direct calls of the same kite by the same caller
 * in the same run. The kite, the caller and each proxy are separate processes. The rounds of the three routes are interleaved.
 * Each round through a proxy is compared with the previous direct round, and the result is the median.
 *
 *     npm run bench:proxy                                # everything, in a minute and a half
 *     npm run bench:proxy -- --rounds 9 --ms 2000 --only 64
 */
import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Memory } from './child.js';
import { makeKiteKey } from './kite-key.js';
import type { ProxyCommand } from './proxy-child.js';
import type { ScenarioResult, Scenario } from './scenarios.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);

type Route = 'direct' | 'reverse' | 'tunnel';
type Role = 'kite' | 'caller' | 'reverse' | 'tunnel';

const ROUTES: readonly Route[] = ['direct', 'reverse', 'tunnel'];
const SCENARIOS: readonly Scenario[] = [
  'one call at a time',
  '64 concurrent calls',
  '10 KiB of text, 16 concurrent',
  'connect and first call',
];

/** The goals for calls per second through a proxy, as ratios to direct calls. */
const GOALS: Partial<Record<Scenario, Readonly<Record<Exclude<Route, 'direct'>, number>>>> = {
  '64 concurrent calls': { reverse: 0.6, tunnel: 0.45 },
};
/** Maximum latency that a proxy may add to the median call, in microseconds. */
const LATENCY_GOAL = 400;

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});
// The key contains no URL of Kontrol, because the URLs of the proxies are set.
const kiteKey = makeKiteKey(pem.toString(), '');

/** A process of the benchmark. */
class BenchChild {
  readonly #process: ChildProcess;
  #pending: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(role: Role) {
    this.#process = fork(fileURLToPath(new URL('proxy-child.ts', import.meta.url)), [role], {
      execArgv: ['--import', 'tsx', '--expose-gc', '--no-warnings'],
      env: { ...process.env, BENCH_KEY: kiteKey, NODE_EXTRA_CA_CERTS: undefined },
    });
    this.#process.on('message', ({ value, error }: { value: unknown; error?: string }) => {
      if (error) this.#pending?.reject(new Error(error));
      else this.#pending?.resolve(value);
    });
    this.#process.on('exit', () => this.#pending?.reject(new Error(`The ${role} has exited`)));
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  send(command: ProxyCommand): Promise<unknown> {
    const result = this.next();
    this.#process.send(command);
    return result;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** The processes, and the URL of the kite for each route. */
class BenchSetup {
  readonly children: Readonly<Record<Role, BenchChild>>;
  readonly urls: Record<Route, string> = { direct: '', reverse: '', tunnel: '' };

  constructor() {
    this.children = {
      kite: new BenchChild('kite'),
      caller: new BenchChild('caller'),
      reverse: new BenchChild('reverse'),
      tunnel: new BenchChild('tunnel'),
    };
  }

  static async start(): Promise<BenchSetup> {
    const setup = new BenchSetup();
    const { kite, reverse, tunnel } = setup.children;
    await Promise.all(Object.values(setup.children).map((child) => child.next()));
    setup.urls.direct = (await kite.send({ type: 'listen' })) as string;
    const proxies = {
      reverse: (await reverse.send({ type: 'listen' })) as string,
      tunnel: (await tunnel.send({ type: 'listen' })) as string,
    };
    Object.assign(setup.urls, await kite.send({ type: 'register', ...proxies }));
    return setup;
  }

  stop(): void {
    for (const child of Object.values(this.children)) child.stop();
  }
}

interface Round {
  readonly rate: number;
  /** CPU time of the proxy per call, in microseconds. */
  readonly cpu: number;
}

async function measure(setup: BenchSetup, scenario: Scenario): Promise<Record<Route, Round[]>> {
  const measured: Record<Route, Round[]> = { direct: [], reverse: [], tunnel: [] };
  const { caller, kite } = setup.children;
  for (let round = -1; round < rounds; round++) {
    for (const route of ROUTES) {
      const proxy = route === 'direct' ? kite : setup.children[route];
      const before = (await proxy.send({ type: 'cpu' })) as number;
      const command = { type: 'run', scenario, url: setup.urls[route], ms } as const;
      const { done, seconds } = (await caller.send(command)) as ScenarioResult;
      const after = (await proxy.send({ type: 'cpu' })) as number;
      // The first round is a warm-up.
      if (round >= 0) measured[route].push({ rate: done / seconds, cpu: (after - before) / done });
    }
  }
  return measured;
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

const missed: string[] = [];

function checkGoal(what: string, text: string, reached: boolean): string {
  if (!reached) missed.push(`${what}: ${text}`);
  return text;
}

function tableRow(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function tableHeader(...cells: readonly string[]): void {
  console.log();
  tableRow(...cells);
  tableRow(...cells.map(() => '---'));
}

async function throughput(setup: BenchSetup): Promise<void> {
  const cpu: string[][] = [];
  tableHeader('calls per second', 'direct', 'reverse, × direct', 'tunnel, × direct', 'goals');
  for (const scenario of SCENARIOS.filter((name) => name.includes(values.only))) {
    const measured = await measure(setup, scenario);
    const goals = GOALS[scenario];
    const cells = (['reverse', 'tunnel'] as const).map((route) => {
      const ratios = measured[route].map(
        ({ rate }, round) => rate / (measured.direct[round]?.rate ?? Number.NaN),
      );
      const times = median(ratios);
      return checkGoal(`${scenario}, ${route}`, times.toFixed(2), times >= (goals?.[route] ?? 0));
    });
    const direct = Math.round(median(measured.direct.map(({ rate }) => rate))).toLocaleString('en');
    tableRow(scenario, direct, ...cells, goals ? `≥ ${goals.reverse}, ≥ ${goals.tunnel}` : '');
    cpu.push([
      scenario,
      ...ROUTES.map((route) => median(measured[route].map((round) => round.cpu)).toFixed(1)),
    ]);
  }
  tableHeader('CPU per call in µs', 'kite, direct', 'reverse proxy', 'tunnel proxy');
  for (const cells of cpu) tableRow(...cells);
}

async function latencies(setup: BenchSetup): Promise<void> {
  const times: Record<Route, number[]> = { direct: [], reverse: [], tunnel: [] };
  for (let round = -1; round < rounds; round++) {
    for (const route of ROUTES) {
      const command = { type: 'latency', url: setup.urls[route], ms } as const;
      const middle = (await setup.children.caller.send(command)) as number;
      if (round >= 0) times[route].push(middle);
    }
  }
  tableHeader('µs', 'direct', 'added by reverse', 'added by tunnel', 'goal');
  const cells = (['reverse', 'tunnel'] as const).map((route) => {
    const added = median(times[route].map((time, round) => time - (times.direct[round] ?? Number.NaN)));
    return checkGoal(`latency, ${route}`, added.toFixed(0), added < LATENCY_GOAL);
  });
  tableRow('median of sequential calls', median(times.direct).toFixed(0), ...cells, `< ${LATENCY_GOAL}`);
}

const IDLE_CONNECTIONS = 2000;
/** Number of connections that are opened first, while the heap grows to the size at which it collects garbage. */
const WARM_UP_CONNECTIONS = 300;

/** Measures memory in new processes, because a used heap has free memory. */
async function memories(): Promise<void> {
  tableHeader('KiB of a proxy per connection (of which heap)', 'reverse', 'tunnel');
  const cells: string[] = [];
  for (const route of ['reverse', 'tunnel'] as const) {
    const setup = await BenchSetup.start();
    try {
      const { [route]: proxy, caller } = setup.children;
      const url = setup.urls[route];
      await caller.send({ type: 'idle', url, count: WARM_UP_CONNECTIONS });
      const before = (await proxy.send({ type: 'memory' })) as Memory;
      await caller.send({ type: 'idle', url, count: IDLE_CONNECTIONS });
      const after = (await proxy.send({ type: 'memory' })) as Memory;
      const kib = (what: keyof Memory): string =>
        ((after[what] - before[what]) / IDLE_CONNECTIONS / 1024).toFixed(1);
      cells.push(`${kib('rss')} (${kib('heap')})`);
    } finally {
      setup.stop();
    }
  }
  tableRow('an idle WebSocket', ...cells);
}

console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim()}), ` +
    `${rounds} interleaved rounds of ${ms} ms after a warm-up, medians.`,
);
const setup = await BenchSetup.start();
try {
  await throughput(setup);
  if ('latency'.includes(values.only)) await latencies(setup);
} finally {
  setup.stop();
}
if ('memory'.includes(values.only)) await memories();
console.log(missed.length === 0 ? '\nAll goals are reached.' : `\nMissed: ${missed.join('; ')}`);
