/**
 * What a registry of 1,000, 10,000 and 100,000 kites costs: `tsx --expose-gc bench/kontrol.ts [memory|file|postgres]
 * [count…]`. For PostgreSQL it starts a server of its own, which does not wait for the disk.
 *
 * Kontrol and its one client share this process and its core, so that calls over the wire are slower here than in life.
 * Registrations go over HTTP, queries over a WebSocket.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Kite } from '../src/lib/index.js';
import { Kontrol } from '../src/lib/kontrol/index.js';
import { openStorage, type StorageConfig } from '../src/lib/kontrol/storage/index.js';
import { systemClock } from '../src/lib/util/clock.js';
import { silentLogger } from '../src/lib/util/logger.js';
import { PostgresServer } from '../test/helpers/postgres-server.js';

const IN_FLIGHT = 32;
const QUERIES = 5000;

const [kind = 'memory', ...given] = process.argv.slice(2);
const counts = given.length > 0 ? given.map(Number) : [1000, 10_000, 100_000];
const agent = new http.Agent({ keepAlive: true, maxSockets: IN_FLIGHT });

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

/** Does `work` for 0 up to `count`, a few at a time. Milliseconds that it took. */
async function timed(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return performance.now() - started;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function idOf(index: number): string {
  return `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

async function measure(count: number, config: StorageConfig): Promise<Record<string, number>> {
  const storage = openStorage(config, { clock: systemClock, logger: silentLogger });
  const kontrol = new Kontrol({ storage, port: 0, env: {}, logger: silentLogger });
  await kontrol.listen();
  const { origin } = new URL(kontrol.url);
  const key = await kontrol.newKiteKey('bob');
  const auth = { type: 'kiteKey', key };
  const before = heap();
  const registering = await timed(count, (index) => {
    const kite = {
      username: 'bob',
      environment: 'prod',
      name: `kite${index}`,
      version: '1.0.0',
      region: 'eu',
      hostname: `host${index % 1000}`,
      id: idOf(index),
    };
    const body = { url: `http://10.0.0.1:${index % 65_536}/kite`, kite, auth };
    return send('POST', `${origin}/register`, JSON.stringify(body));
  });
  const bytes = (heap() - before) / count;
  const beating = await timed(count, (index) => send('GET', `${origin}/heartbeat?id=${idOf(index)}`));
  const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  const client = caller.newClient(kontrol.url, { auth });
  await client.dial();
  const query = { username: 'bob', environment: 'prod', name: 'kite77' };
  const times: number[] = [];
  await client.tell('getKites', { query });
  for (let i = 0; i < QUERIES; i++) {
    const started = performance.now();
    await client.tell('getKites', { query });
    times.push(performance.now() - started);
  }
  const many = await timed(QUERIES, () => client.tell('getKites', { query }));
  times.sort((a, b) => a - b);
  await caller.close();
  await kontrol.close();
  return {
    kites: count,
    'registrations/s': Math.round((count / registering) * 1000),
    'heartbeats/s': Math.round((count / beating) * 1000),
    'query p50 µs': Math.round((times[Math.floor(QUERIES * 0.5)] ?? 0) * 1000),
    'query p99 µs': Math.round((times[Math.floor(QUERIES * 0.99)] ?? 0) * 1000),
    'queries/s': Math.round((QUERIES / many) * 1000),
    // The store in memory keeps each kite once more.
    'bytes a kite': Math.round(bytes),
  };
}

async function configOf(server: PostgresServer | undefined, folder: string): Promise<StorageConfig> {
  if (!server) return kind === 'file' ? { kind, folder } : { kind: 'memory' };
  const database = await server.newDatabase();
  return { kind: 'postgres', ...server.login(database), connectTimeout: 5000 };
}

const server = kind === 'postgres' ? await PostgresServer.start() : undefined;
try {
  const rows: Record<string, number>[] = [];
  for (const count of counts) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'kontrol-bench-'));
    rows.push(await measure(count, await configOf(server, folder)));
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`storage: ${kind}`);
  console.table(rows);
} finally {
  await server?.remove();
  agent.destroy();
}
