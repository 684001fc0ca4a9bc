/**
 * What the proxies cost: calls a second, latency and CPU through each, against the same kite called directly by the same
 * caller in the same run. Kite, caller and each proxy are processes of their own. The rounds of the three ways are
 * interleaved, each round through a proxy is compared with the direct one just before it, and the median counts.
 *
 *     npm run bench:proxy                                # everything, a minute and a half
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
  '64 calls in flight',
  '10 KiB echo, 64 in flight',
  'connect and first call',
];

/** What calls a second through a proxy have to reach, times those without. */
const GOALS: Partial<Record<Scenario, Readonly<Record<Exclude<Route, 'direct'>, number>>>> = {
  '64 calls in flight': { reverse: 0.6, tunnel: 0.45 },
};
/** Microseconds that a proxy may add to the call in the middle. */
const LATENCY_GOAL = 400;

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});
// Of no Kontrol: none is needed where the proxies are named.
const kiteKey = makeKiteKey(pem.toString(), '');

class BenchChild {
  readonly #process: ChildProcess;
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(role: Role) {
    this.#process = fork(fileURLToPath(new URL('proxy-child.ts', import.meta.url)), [role], {
      execArgv: ['--import', 'tsx', '--expose-gc', '--no-warnings'],
      env: { ...process.env, BENCH_KEY: kiteKey, NODE_EXTRA_CA_CERTS: undefined },
    });
    this.#process.on('message', ({ value, error }: { value: unknown; error?: string }) => {
      if (error) this.#waiting?.reject(new Error(error));
      else this.#waiting?.resolve(value);
    });
    this.#process.on('exit', () => this.#waiting?.reject(new Error(`The ${role} has left`)));
  }

  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  tell(order: ProxyCommand): Promise<unknown> {
    const answer = this.next();
    this.#process.send(order);
    return answer;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** A kite, a caller, two proxies, and the URL of each way from the caller to the kite. */
class BenchSetup {
  readonly parts: Readonly<Record<Role, BenchChild>>;
  readonly urls: Record<Route, string> = { direct: '', reverse: '', tunnel: '' };

  constructor() {
    this.parts = {
      kite: new BenchChild('kite'),
      caller: new BenchChild('caller'),
      reverse: new BenchChild('reverse'),
      tunnel: new BenchChild('tunnel'),
    };
  }

  static async start(): Promise<BenchSetup> {
    const setting = new BenchSetup();
    const { kite, reverse, tunnel } = setting.parts;
    await Promise.all(Object.values(setting.parts).map((part) => part.next()));
    setting.urls.direct = (await kite.tell({ do: 'listen' })) as string;
    const proxies = {
      reverse: (await reverse.tell({ do: 'listen' })) as string,
      tunnel: (await tunnel.tell({ do: 'listen' })) as string,
    };
    Object.assign(setting.urls, await kite.tell({ do: 'behind', ...proxies }));
    return setting;
  }

  stop(): void {
    for (const part of Object.values(this.parts)) part.stop();
  }
}

interface Round {
  readonly rate: number;
  /** Microseconds of CPU of the proxy for one. */
  readonly cpu: number;
}

async function measure(setting: BenchSetup, scenario: Scenario): Promise<Record<Route, Round[]>> {
  const measured: Record<Route, Round[]> = { direct: [], reverse: [], tunnel: [] };
  const { caller, kite } = setting.parts;
  for (let round = -1; round < rounds; round++) {
    for (const way of ROUTES) {
      const proxy = way === 'direct' ? kite : setting.parts[way];
      const before = (await proxy.tell({ do: 'cpu' })) as number;
      const order = { do: 'run', scenario, url: setting.urls[way], ms } as const;
      const { done, seconds } = (await caller.tell(order)) as ScenarioResult;
      const after = (await proxy.tell({ do: 'cpu' })) as number;
      // The first round only warms up.
      if (round >= 0) measured[way].push({ rate: done / seconds, cpu: (after - before) / done });
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

async function throughput(setting: BenchSetup): Promise<void> {
  const cpu: string[][] = [];
  tableHeader('calls a second', 'direct', 'reverse, times direct', 'tunnel, times direct', 'goals');
  for (const scenario of SCENARIOS.filter((name) => name.includes(values.only))) {
    const measured = await measure(setting, scenario);
    const goals = GOALS[scenario];
    const cells = (['reverse', 'tunnel'] as const).map((way) => {
      const ratios = measured[way].map(
        ({ rate }, round) => rate / (measured.direct[round]?.rate ?? Number.NaN),
      );
      const times = median(ratios);
      return checkGoal(`${scenario}, ${way}`, times.toFixed(2), times >= (goals?.[way] ?? 0));
    });
    const direct = Math.round(median(measured.direct.map(({ rate }) => rate))).toLocaleString('en');
    tableRow(scenario, direct, ...cells, goals ? `≥ ${goals.reverse}, ≥ ${goals.tunnel}` : '');
    cpu.push([scenario, ...ROUTES.map((way) => median(measured[way].map((round) => round.cpu)).toFixed(1))]);
  }
  tableHeader('CPU in µs for one', 'of the kite, direct', 'of the reverse proxy', 'of the tunnel proxy');
  for (const cells of cpu) tableRow(...cells);
}

async function latencies(setting: BenchSetup): Promise<void> {
  const times: Record<Route, number[]> = { direct: [], reverse: [], tunnel: [] };
  for (let round = -1; round < rounds; round++) {
    for (const way of ROUTES) {
      const order = { do: 'latency', url: setting.urls[way], ms } as const;
      const middle = (await setting.parts.caller.tell(order)) as number;
      if (round >= 0) times[way].push(middle);
    }
  }
  tableHeader('µs', 'direct', 'added by reverse', 'added by tunnel', 'goal');
  const cells = (['reverse', 'tunnel'] as const).map((way) => {
    const added = median(times[way].map((time, round) => time - (times.direct[round] ?? Number.NaN)));
    return checkGoal(`latency, ${way}`, added.toFixed(0), added < LATENCY_GOAL);
  });
  tableRow('a call, one at a time, median', median(times.direct).toFixed(0), ...cells, `< ${LATENCY_GOAL}`);
}

const IDLE_CONNECTIONS = 2000;
/** Opened before, while the heap still grows to the size at which it collects garbage. */
const WARM_UP_CONNECTIONS = 300;

/** In processes of their own: what ran before would have left room. */
async function memories(): Promise<void> {
  tableHeader('KiB of a proxy’s memory a connection, of them in the heap', 'reverse', 'tunnel');
  const cells: string[] = [];
  for (const way of ['reverse', 'tunnel'] as const) {
    const setting = await BenchSetup.start();
    try {
      const { [way]: proxy, caller } = setting.parts;
      const url = setting.urls[way];
      await caller.tell({ do: 'idle', url, count: WARM_UP_CONNECTIONS });
      const before = (await proxy.tell({ do: 'memory' })) as Memory;
      await caller.tell({ do: 'idle', url, count: IDLE_CONNECTIONS });
      const after = (await proxy.tell({ do: 'memory' })) as Memory;
      const kib = (what: keyof Memory): string =>
        ((after[what] - before[what]) / IDLE_CONNECTIONS / 1024).toFixed(1);
      cells.push(`${kib('rss')} (${kib('heap')})`);
    } finally {
      setting.stop();
    }
  }
  tableRow('an idle WebSocket', ...cells);
}

console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim()}), ` +
    `${rounds} interleaved rounds of ${ms} ms after one to warm up, medians.`,
);
const setting = await BenchSetup.start();
try {
  await throughput(setting);
  if ('latency'.includes(values.only)) await latencies(setting);
} finally {
  setting.stop();
}
if ('memory'.includes(values.only)) await memories();
console.log(missed.length === 0 ? '\nEvery goal is reached.' : `\nMissed: ${missed.join('; ')}`);
