/**
 * Restarts five kites in turn under load, ten restarts for each signal, and freezes one, for services of kitectl, and for Moleculer
 * if `npm ci --prefix bench` has installed it. Counts the calls that fail, and those that run twice.
 *
 *     npm run bench:fleet
 *     npm run bench:fleet -- --restarts 20 --parallel 64 --signals SIGTERM --peers 'service of URLs'
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { silentLogger } from '../src/lib/util/logger.js';
import { Kontrol, openStorage } from '../dist/lib/kontrol.js';
import { connectByQuery, connectByUrls } from './fleet/kitectl-fleet.js';
import { FleetLoad, type LoadResult } from './fleet/fleet-load.js';
import { FleetProcesses } from './fleet/fleet-processes.js';
import type { FleetClient, FleetEnvironment } from './fleet/member.js';
import { checkGoal, reportGoals, tableHeader, tableRow } from './table.js';

const KITES = 5;
const SERVICE = 'service of URLs';
const QUERY = 'service of a query';
const MOLECULER = 'Moleculer';
const isInstalled = existsSync(new URL('../bench/node_modules/moleculer', import.meta.url));

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '10' },
    parallel: { type: 'string', default: '16' },
    calls: { type: 'string', default: '20000' },
    signals: { type: 'string', default: 'SIGTERM,SIGKILL,SIGSTOP' },
    peers: { type: 'string', default: [SERVICE, QUERY, ...(isInstalled ? [MOLECULER] : [])].join(',') },
  },
});
const [restarts, parallel, minimum] = [values.restarts, values.parallel, values.calls].map(Number) as [
  number,
  number,
  number,
];

/** A fleet, and a client of it. */
interface RunningFleet {
  readonly processes: FleetProcesses;
  readonly client: FleetClient;
  stop(): Promise<void>;
}

const kontrol = new Kontrol({
  storage: openStorage({ type: 'memory' }),
  port: 0,
  env: {},
  logger: silentLogger,
});
await kontrol.listen();

/** Starts a fleet of new kites. */
async function startFleet(peer: string): Promise<RunningFleet> {
  // One port more, for the caller of Moleculer.
  const ports: number[] = [];
  while (ports.length <= KITES) ports.push(await freePort());
  const env: FleetEnvironment = { FLEET_PORTS: JSON.stringify(ports) };
  const started = async (
    program: string,
    more: FleetEnvironment,
    connect: () => FleetClient | Promise<FleetClient>,
  ): Promise<RunningFleet> => {
    const url = new URL(program, import.meta.url);
    const processes = await FleetProcesses.start(url, KITES, { ...env, ...more });
    const client = await connect();
    const stop = async (): Promise<void> => {
      await client.close();
      await processes.stop();
    };
    return { processes, client, stop };
  };
  const program = 'fleet/kitectl-kite.ts';
  switch (peer) {
    case SERVICE:
      return started(program, {}, () => connectByUrls(ports.slice(0, KITES)));
    case QUERY: {
      const { url } = kontrol;
      const key = await kontrol.newKiteKey('bob');
      return started(program, { FLEET_KONTROL: url, FLEET_KEY: key }, () => connectByQuery(url, key));
    }
    case MOLECULER:
      return started('peers/others/moleculer-node.ts', {}, async () => {
        const path = './peers/others/moleculer-fleet.ts';
        const { connect } = (await import(path)) as {
          connect: (all: readonly number[]) => Promise<FleetClient>;
        };
        return connect(ports);
      });
    default:
      throw new Error(
        `There is no peer ${JSON.stringify(peer)}: use some of ${SERVICE},${QUERY},${MOLECULER}`,
      );
  }
}

/** Restarts the kites in turn while calls run. */
async function restartInTurn(fleet: RunningFleet, signal: NodeJS.Signals): Promise<LoadResult> {
  const load = new FleetLoad(fleet.client, parallel);
  await load.more(1000);
  for (let index = 0; index < restarts; index++) {
    const pid = await fleet.processes.restart(index % KITES, signal);
    await load.answered(pid);
  }
  if (load.calls < minimum) await load.more(minimum - load.calls);
  return load.stop();
}

/** Freezes one kite for ten seconds while calls run. */
async function freeze(fleet: RunningFleet): Promise<LoadResult> {
  const load = new FleetLoad(fleet.client, parallel);
  await load.more(1000);
  fleet.processes.signal(0, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const result = await load.stop();
  fleet.processes.signal(0, 'SIGCONT');
  return result;
}

const peers = values.peers.split(',');
const samples: string[] = [];
for (const action of values.signals.split(',') as NodeJS.Signals[]) {
  console.log(
    action === 'SIGSTOP'
      ? `\nOne of ${KITES} kites frozen for ten seconds, ${parallel} callers`
      : `\n${restarts} restarts of ${KITES} kites in turn with ${action}, ${parallel} callers`,
  );
  tableHeader(
    'client',
    'calls',
    'calls/s',
    'failed: may run again',
    'failed: must run once',
    'must run once, ran twice',
    'longest call in ms',
    'most slow calls of a caller',
  );
  for (const peer of peers) {
    const fleet = await startFleet(peer);
    const result = action === 'SIGSTOP' ? await freeze(fleet) : await restartInTurn(fleet, action);
    const twice = fleet.processes.runTwice('once');
    await fleet.stop();
    const { calls, failed, longest, slow, seconds } = result;
    const goal = (what: string, value: number, most: number): string => {
      checkGoal(`${what}, ${peer}, ${action}`, value, peer === MOLECULER || value <= most, `at most ${most}`);
      return String(value);
    };
    tableRow(
      peer,
      String(calls),
      (calls / seconds).toFixed(0),
      goal('failed: may run again', failed.again.length, 0),
      goal('failed: must run once', failed.once.length, action === 'SIGTERM' ? 0 : Number.POSITIVE_INFINITY),
      goal('ran twice', twice, 0),
      longest.toFixed(0),
      goal('slow calls', slow, 1),
    );
    for (const messages of Object.values(failed))
      if (messages[0] !== undefined) samples.push(`${peer}, ${action}: ${messages[0]}`);
  }
}
if (samples.length > 0) console.log(`\nFailures, one of each kind:\n${samples.join('\n')}`);
reportGoals();
await kontrol.close();

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
