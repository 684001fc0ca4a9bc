/**
 * Measures the cost of a registry with 1,000, 10,000 and 100,000 kites, for each store:
 *
 *     npm run bench:kontrol -- [memory|file|postgres|etcd]… [count…]
 *
 * The cost is the CPU time of Kontrol, which runs in a separate process, so that it depends less on other load of the machine.
 * The baselines, measured in the same run, are `kite.ping` for queries and `GET /healthz` for heartbeats. Starts PostgreSQL and
 * etcd if they are installed.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Client, Kite } from '../src/lib/index.js';
import type { StorageConfig } from '../src/lib/kontrol/storage/open-storage.js';
import { silentLogger } from '../src/lib/util/logger.js';
import type { KontrolCommand } from './kontrol-child.js';
import { kinds, withStorage } from './kontrol-stores.js';

const CONCURRENCY = 32;
const QUERIES = 5000;
const HEARTBEATS = 20_000;
const CONNECTED_KITES = 500;
const CHANGES = 200;

/** The process of a Kontrol. */
class KontrolProcess {
  readonly url: string;
  readonly key: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, { url, key }: { url: string; key: string }) {
    this.#process = process;
    this.url = url;
    this.key = key;
  }

  static async start(config: StorageConfig): Promise<KontrolProcess> {
    const child = fork(
      fileURLToPath(new URL('kontrol-child.ts', import.meta.url)),
      [JSON.stringify(config)],
      {
        execArgv: ['--import', 'tsx', '--expose-gc', '--no-warnings'],
      },
    );
    return new KontrolProcess(child, (await nextMessage(child)) as { url: string; key: string });
  }

  get origin(): string {
    return new URL(this.url).origin;
  }

  async request(command: KontrolCommand): Promise<number> {
    const response = nextMessage(this.#process);
    this.#process.send(command);
    return (await response) as number;
  }

  /** Calls `work` `count` times. Returns the CPU time of Kontrol per call, in microseconds, and the calls per second. */
  async cost(count: number, work: (index: number) => Promise<unknown>): Promise<Cost> {
    const cpu = await this.request('cpu');
    const ms = await timed(count, work);
    return { cpu: ((await this.request('cpu')) - cpu) / count, rate: (count / ms) * 1000 };
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.send('close');
    await exited;
  }
}

interface Cost {
  readonly cpu: number;
  readonly rate: number;
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', ({ value, error }: { value?: unknown; error?: string }) => {
      if (error) reject(new Error(error));
      else resolve(value);
    });
  });
}

const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENCY });

function send(method: string, url: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Calls `work` for 0 to `count - 1`, several at a time. Returns the elapsed time in milliseconds. */
async function timed(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return performance.now() - started;
}

function identity(name: string, index: number, id: string): Record<string, string> {
  const host = `host${index % 1000}`;
  return { username: 'bob', environment: 'prod', name, version: '1.0.0', region: 'eu', hostname: host, id };
}

function register(node: KontrolProcess, name: string, index: number, id: string): Promise<string> {
  const auth = { type: 'kiteKey', key: node.key };
  const body = { url: `http://10.0.0.1:${index % 65_536}/kite`, kite: identity(name, index, id), auth };
  return send('POST', `${node.origin}/register`, JSON.stringify(body));
}

async function connected<Result>(
  node: KontrolProcess,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  const client = kite.newClient(node.url, { auth: { type: 'kiteKey', key: node.key }, trustRemote: true });
  try {
    await client.dial();
    return await use(client);
  } finally {
    await kite.close();
  }
}

/** Returns the median and the 99th percentile of the latency of sequential calls, in microseconds. */
async function latencies(call: () => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  for (let i = 0; i < QUERIES; i++) {
    const started = performance.now();
    await call();
    times.push((performance.now() - started) * 1000);
  }
  times.sort((a, b) => a - b);
  return { p50: times[QUERIES * 0.5] ?? 0, p99: times[QUERIES * 0.99] ?? 0 };
}

/** Returns the CPU time per heartbeat of connected kites that send heartbeats as fast as they can. */
async function connectedHeartbeats(node: KontrolProcess): Promise<Cost> {
  const pings: (() => void)[] = [];
  const kites = Array.from({ length: CONNECTED_KITES }, () => {
    const options = {
      kiteKey: node.key,
      username: 'bob',
      environment: 'prod',
      env: {},
      logger: silentLogger,
    };
    return new Kite('beater', '1.0.0', options);
  });
  const clients = await Promise.all(
    kites.map(async (kite) => {
      const heartbeats = new Promise<void>((resolve) => {
        kite.handle<[number, () => void]>('kite.heartbeat', ({ args: [, ping] }) => {
          pings.push(ping);
          resolve();
          return null;
        });
      });
      const client = kite.newClient(node.url, {
        auth: { type: 'kiteKey', key: node.key },
        trustRemote: true,
      });
      await client.dial();
      await client.tell('register', { url: 'http://10.0.0.1:1/kite' });
      await heartbeats;
      return client;
    }),
  );
  // Each kite calls after its heartbeats. When the calls return, all heartbeats have been received.
  const rounds = 40;
  const baseline = await node.cost(1, () => Promise.all(clients.map((client) => client.tell('kite.ping'))));
  const cost = await node.cost(1, async () => {
    for (let round = 0; round < rounds; round++) {
      for (const ping of pings) ping();
      await new Promise(setImmediate);
    }
    await Promise.all(clients.map((client) => client.tell('kite.ping')));
  });
  await Promise.all(kites.map((kite) => kite.close()));
  const heartbeats = rounds * pings.length;
  return { cpu: (cost.cpu - baseline.cpu) / heartbeats, rate: cost.rate * heartbeats };
}

/** Returns the median time from a registration at `node` until a watcher at `other` is notified, in milliseconds. */
async function watchLatency(node: KontrolProcess, other: KontrolProcess): Promise<number> {
  return connected(other, async (client) => {
    const notifications = new Map<string, () => void>();
    const query = { username: 'bob', environment: 'prod', name: 'watched' };
    const watchCallback = ({ result }: { result?: { kite?: { id?: string } } }): void =>
      notifications.get(result?.kite?.id ?? '')?.();
    await client.call('getKites', [{ query, watchCallback }], { callbacks: 'connection' });
    const times: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      const id = randomUUID();
      const notified = new Promise<void>((resolve) => notifications.set(id, resolve));
      const started = performance.now();
      await Promise.all([register(node, 'watched', i, id), notified]);
      times.push(performance.now() - started);
    }
    return times.toSorted((a, b) => a - b)[CHANGES / 2] ?? 0;
  });
}

type Row = Record<string, number | string>;

async function measure(config: StorageConfig, count: number): Promise<Row> {
  const node = await KontrolProcess.start(config);
  const ids = Array.from({ length: count }, () => randomUUID());
  // A warm-up, which also creates shared objects.
  await timed(200, (index) => register(node, 'warm', index, ids[0] ?? ''));
  const before = await node.request('heap');
  const registering = await node.cost(count, (index) =>
    register(node, `kite${index}`, index, ids[index] ?? ''),
  );
  const bytes = ((await node.request('heap')) - before) / count;
  const beat = (index: number): Promise<string> =>
    send('GET', `${node.origin}/heartbeat?id=${ids[index % count]}`);
  await timed(HEARTBEATS / 4, beat);
  const healthz = await node.cost(HEARTBEATS, () => send('GET', `${node.origin}/healthz`));
  const beating = await node.cost(HEARTBEATS, beat);
  const query = { username: 'bob', environment: 'prod', name: 'kite77' };
  const [ping, finding, sequential] = await connected(node, async (client) => {
    const find = (): Promise<unknown> => client.tell('getKites', { query });
    await timed(QUERIES, find);
    return [
      await node.cost(QUERIES, () => client.tell('kite.ping')),
      await node.cost(QUERIES, find),
      await latencies(find),
    ] as const;
  });
  const connectedBeats = await connectedHeartbeats(node);
  const watching = await watchLatency(node, node);
  const isShared = config.type === 'postgres' || config.type === 'etcd';
  const other = isShared ? await KontrolProcess.start(config) : undefined;
  const watchingElsewhere = other ? await watchLatency(node, other) : undefined;
  await other?.stop();
  await node.stop();
  return {
    kites: count,
    'registrations/s': Math.round(registering.rate),
    'CPU µs': Math.round(registering.cpu),
    'HTTP heartbeats/s': Math.round(beating.rate),
    'HTTP heartbeat CPU µs': round(beating.cpu),
    '× healthz': round(beating.cpu / healthz.cpu),
    'heartbeat CPU µs': round(connectedBeats.cpu),
    'queries/s': Math.round(finding.rate),
    'query CPU µs': round(finding.cpu),
    '× ping': round(finding.cpu / ping.cpu),
    'p50 µs': Math.round(sequential.p50),
    'p99 µs': Math.round(sequential.p99),
    'bytes per kite': Math.round(bytes),
    'watch ms': round(watching),
    'watch ms, other node': watchingElsewhere === undefined ? '–' : round(watchingElsewhere),
  };
}

/** Returns the number of tokens that `getKites` signs for 100 kites with 5 names. */
async function signaturesOfAHundred(config: StorageConfig): Promise<number> {
  const node = await KontrolProcess.start(config);
  await timed(100, (index) => register(node, `name${index % 5}`, index, randomUUID()));
  const before = await node.request('signed');
  await connected(node, (client) =>
    client.tell('getKites', { query: { username: 'bob', environment: 'prod' } }),
  );
  const signed = (await node.request('signed')) - before;
  await node.stop();
  return signed;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function checkGoal(what: string, value: number, maximum: number): void {
  console.log(
    `${value <= maximum ? 'reached' : 'MISSED '}  ${what}: ${round(value)}, goal at most ${maximum}`,
  );
}

const args = process.argv.slice(2);
const counts = args.filter((text) => /^\d+$/.test(text)).map(Number);
const selectedKinds = kinds.filter((kind) => args.includes(kind));
for (const kind of selectedKinds.length > 0 ? selectedKinds : kinds) {
  const rows: Row[] = [];
  for (const count of counts.length > 0 ? counts : [1000, 10_000, 100_000]) {
    const row = await withStorage(kind, (config) => measure(config, count));
    if (row) rows.push(row);
  }
  if (rows.length === 0) {
    console.log(`\n${kind}: not installed`);
    continue;
  }
  console.log(`\n${kind}`);
  const figures = Object.keys(rows[0] ?? {});
  console.table(Object.fromEntries(figures.map((figure) => [figure, rows.map((row) => row[figure])])));
  const [first, last] = [rows[0], rows.at(-1)];
  const growth = Number(last?.['query CPU µs']) / Number(first?.['query CPU µs']);
  checkGoal(`a query with ${last?.['kites']} kites, × the same with ${first?.['kites']}`, growth, 1.5);
  checkGoal('bytes per kite', Number(last?.['bytes per kite']), 2048);
  checkGoal(
    'cores for 10,000 heartbeats per second, HTTP',
    Number(last?.['HTTP heartbeat CPU µs']) * 10_000 * 1e-6,
    1,
  );
  checkGoal(
    'cores for 10,000 heartbeats per second, connected',
    Number(last?.['heartbeat CPU µs']) * 10_000 * 1e-6,
    1,
  );
}
const signed = await withStorage('memory', signaturesOfAHundred);
checkGoal('tokens signed for 100 kites with 5 names', signed ?? 0, 5);
agent.destroy();
