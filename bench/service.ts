/**
 * Compares the calls of a service of four kites with those of a direct client of each, on the same cores: calls per second, and CPU
 * time per call. The rounds are interleaved, and the results are medians.
 *
 *     npm run bench:service
 *     npm run bench:service -- --rounds 9 --ms 1000 --kites 2
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kite } from '../dist/lib/index.js';
import { checkGoal, formatRatio, median, reportGoals, tableHeader, tableRow } from './table.js';

interface Methods {
  square(n: number): number;
}

type Square = (n: number) => Promise<number>;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '1000' },
    kites: { type: 'string', default: '4' },
    parallel: { type: 'string', default: '64' },
  },
});
const [rounds, ms, count, parallel] = [values.rounds, values.ms, values.kites, values.parallel].map(
  Number,
) as [number, number, number, number];

/** What the goals are for. Calls that take the kites in turn are sent in smaller frames. */
const DEFAULT = 'least pending';
const RATE_GOAL = 0.95;
const CPU_GOAL = 1.1;

const program = fileURLToPath(new URL('service-child.ts', import.meta.url));
const children = Array.from({ length: count }, () => fork(program));
const urls = await Promise.all(children.map(async (child) => String(await nextMessage(child))));
const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {} });
const clients = urls.map((url) => kite.newClient<Methods>(url));
await Promise.all(clients.map((client) => client.dial()));

const direct: Square[] = Array.from({ length: parallel }, (_, index) => {
  const client = clients[index % count];
  if (!client) throw new Error('there are no kites');
  return (n) => client.tell('square', n);
});
const ways: Record<string, readonly Square[]> = { direct };
for (const [name, options] of Object.entries({
  [DEFAULT]: {},
  'round-robin': { balance: 'roundRobin' },
  idempotent: { idempotent: ['square'] },
} as const)) {
  const service = kite.service<Methods>(urls, options);
  ways[name] = direct.map(() => (n: number) => service.tell('square', n));
}

const results = new Map(
  Object.keys(ways).map((name) => [name, [] as { rate: number; cpu: number; own: number }[]]),
);
for (let round = -1; round < rounds; round++) {
  for (const [name, callers] of Object.entries(ways)) {
    const result = await measure(callers);
    // The first round is a warm-up, after which the code is compiled.
    if (round >= 0) results.get(name)?.push(result);
  }
}
const base = results.get('direct') ?? [];
console.log(`${count} kites, ${parallel} concurrent calls, ${rounds} rounds of ${ms} ms`);
tableHeader(
  'calls',
  'calls/s',
  'ratio to direct',
  'CPU µs a call',
  'of it the caller',
  'CPU ratio',
  'caller ratio',
);
for (const [name, list] of results) {
  const ratioOf = (key: 'rate' | 'cpu' | 'own'): number =>
    median(list.map((each, index) => each[key] / (base[index]?.[key] ?? Number.NaN)));
  tableRow(
    name,
    median(list.map(({ rate }) => rate)).toFixed(0),
    checkGoal(
      `throughput, ${name}`,
      ratioOf('rate'),
      name !== DEFAULT || ratioOf('rate') >= RATE_GOAL,
      `at least ${RATE_GOAL}`,
    ),
    formatRatio(median(list.map(({ cpu }) => cpu))),
    formatRatio(median(list.map(({ own }) => own))),
    checkGoal(
      `CPU, ${name}`,
      ratioOf('cpu'),
      name !== DEFAULT || ratioOf('cpu') <= CPU_GOAL,
      `at most ${CPU_GOAL}`,
    ),
    formatRatio(ratioOf('own')),
  );
}
reportGoals();
await kite.close();
for (const child of children) child.disconnect();

/** Keeps one call of each caller pending. */
async function measure(callers: readonly Square[]): Promise<{ rate: number; cpu: number; own: number }> {
  const before = await cpuTimes();
  const start = performance.now();
  let calls = 0;
  await Promise.all(
    callers.map(async (call) => {
      for (; performance.now() - start < ms; calls++) await call(calls);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const after = await cpuTimes();
  return {
    rate: calls / seconds,
    own: (after.own - before.own) / calls,
    cpu: (after.own + after.kites - before.own - before.kites) / calls,
  };
}

/** CPU time of this process and of the kites, in microseconds. */
async function cpuTimes(): Promise<{ own: number; kites: number }> {
  const { user, system } = process.cpuUsage();
  const kites = await Promise.all(
    children.map(async (child) => {
      child.send('cpu');
      return Number(await nextMessage(child));
    }),
  );
  return { own: user + system, kites: kites.reduce((sum, each) => sum + each, 0) };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as unknown[];
  return message;
}
