/**
 * Compares the calls of a method that needs the CPU, of `kitectl serve --instances N` with those of one instance. The rounds are
 * interleaved, and the results are medians.
 *
 *     npm run bench:instances
 *     npm run bench:instances -- --instances 4 --rounds 9
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Kite, type Service } from '../dist/lib/index.js';
import { checkGoal, median, reportGoals, tableHeader, tableRow } from './table.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    instances: { type: 'string', default: String(availableParallelism()) },
    calls: { type: 'string', default: '200' },
  },
});
const [rounds, instances, calls] = [values.rounds, values.instances, values.calls].map(Number) as [
  number,
  number,
  number,
];
/** With as many instances as cores. The caller, which needs some of them, is part of the measurement. */
const GOAL = 0.9 * Math.min(instances, availableParallelism());

/** A call takes about 5 ms on one core. */
const MODULE =
  'export function work() { let sum = 0; for (let n = 0; n < 4e6; n++) sum += Math.sqrt(n); return sum; }';

const folder = await mkdtemp(join(tmpdir(), 'kitectl-bench-'));
await writeFile(join(folder, 'kite.mjs'), MODULE);
const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {} });
const processes: ChildProcess[] = [];

/** Starts instances, and returns a service of them. */
async function start(count: number): Promise<Service> {
  const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url));
  const args = [bin, 'serve', 'kite.mjs', '--no-auth', '--json', '--port', '0', '--instances', String(count)];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  processes.push(child);
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (urls.push((JSON.parse(line) as { url: string }).url) === count) break;
  }
  return caller.service(urls);
}

/** Returns calls per second, with two calls for each instance at a time. */
async function measure(service: Service, count: number): Promise<number> {
  let left = calls;
  const run = async (): Promise<void> => {
    while (left-- > 0) await service.tell('work', [], { timeout: 60_000 });
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: 2 * count }, run));
  return calls / ((performance.now() - begin) / 1000);
}

const services = [
  [1, await start(1)],
  [instances, await start(instances)],
] as const;
const rates = services.map(() => [] as number[]);
for (let round = -1; round < rounds; round++) {
  for (const [index, [count, service]] of services.entries()) {
    const rate = await measure(service, count);
    // The first round is a warm-up, after which the code is compiled.
    if (round >= 0) rates[index]?.push(rate);
  }
}
const [one = 0, all = 0] = rates.map(median);
console.log(
  `a method that needs the CPU, ${availableParallelism()} cores, ${rounds} rounds of ${calls} calls`,
);
tableHeader('instances', 'calls/s', 'ratio to one');
tableRow('1', one.toFixed(0), '1.00');
const ratio = checkGoal(
  `${instances} instances`,
  all / one,
  all / one >= GOAL,
  `at least ${GOAL.toFixed(1)}`,
);
tableRow(String(instances), all.toFixed(0), ratio);

await caller.close();
for (const child of processes) child.kill('SIGTERM');
await rm(folder, { recursive: true });
reportGoals();
