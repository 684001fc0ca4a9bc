/**
 * A kite on several cores, with node:cluster: each process has its own port and registers its own URL.
 *
 *     node examples/cluster.js --workers 2
 *     node examples/cluster.js --register
 */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Kite } from 'kitectl';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: String(availableParallelism()) },
    register: { type: 'boolean', default: false },
  },
});

if (cluster.isPrimary) startWorkers(Number(values.workers));
else await serve();

async function serve(): Promise<void> {
  const kite = new Kite('math', '1.0.0', { port: 0, ...(!values.register && { kiteKey: false }) });
  const square = kite.handle<[number]>('square', ({ args: [n] }) => n * n);
  if (!values.register) square.disableAuthentication();
  kite.handle('pid', () => process.pid).disableAuthentication();
  kite.health();
  // The primary process disconnects its workers to end them. Ctrl-C and systemd also send a signal to each; `close` runs once.
  const end = (): void => void kite.close().then(() => process.exit());
  for (const event of ['disconnect', 'SIGINT', 'SIGTERM']) process.on(event, end);
  await kite.listen();
  if (values.register) await kite.registerForever();
  process.send?.({ url: kite.url });
}

function startWorkers(count: number): void {
  let started = 0;
  let ending = false;
  let delay = 100;
  let lastExit = 0;
  cluster.on('message', (worker, { url }: { url: string }) => {
    started++;
    console.log(`${worker.process.pid} ${url}`);
  });
  cluster.on('exit', (worker, code, signal) => {
    if (ending) return;
    console.error(`worker ${worker.process.pid} ended: ${signal || `exit code ${code}`}`);
    // A worker that cannot start would end for ever.
    if (started < count) process.exit(1);
    delay = performance.now() - lastExit < 10_000 ? Math.min(2 * delay, 30_000) : 100;
    lastExit = performance.now();
    setTimeout(() => void (ending || cluster.fork()), delay);
  });
  // A second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending = true;
      cluster.disconnect();
    });
  }
  for (let worker = 0; worker < count; worker++) cluster.fork();
}
