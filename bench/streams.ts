import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerProcesses } from './peer-processes.js';
import { checkGoal, formatRatio, median, tableHeader, tableRow } from './table.js';

const FILE_BYTES = 200_000_000;
/** The window of a stream of kitectl. */
const WINDOW_BYTES = 1024 * 1024;
/** What a stream of Node has read ahead, and the item that ends a window. */
const READ_AHEAD = 3 * 64 * 1024;
const SLEEP = 5000;
const ABORTS = 100;
const MEMORY_GOAL = 100;
const ABORT_GOAL = 50;

/** Creates the file that servers send, and sets the variables with which their processes find it. Returns a function that removes it. */
export function createBenchFile(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const content = randomFillSync(Buffer.allocUnsafeSlow(FILE_BYTES));
  const path = join(folder, 'file');
  writeFileSync(path, content);
  process.env['BENCH_FILE'] = path;
  process.env['BENCH_DIGEST'] = createHash('sha256').update(content).digest('hex');
  return () => rmSync(folder, { recursive: true });
}

/** Measures the memory of both ends of a transfer, what a producer has made for a consumer that sleeps, and how fast an abort arrives. */
export async function measureStreams(peers: readonly string[]): Promise<void> {
  const rows: (readonly [string, ...string[]])[] = [];
  const add = (what: string, goal: string, found: readonly (readonly [number, boolean])[]): void => {
    const cells = found.map(([value, reached], index) =>
      peers[index] === 'kitectl' ? checkGoal(what, value, reached, goal) : formatRatio(value),
    );
    rows.push([what, ...cells, goal]);
  };
  const found: PeerStreams[] = [];
  for (const name of peers) found.push(await measurePeer(name));
  const memoryGoal = `≤ ${MEMORY_GOAL}`;
  for (const end of ['server', 'client'] as const) {
    const memory = found.map(({ grown }) => grown[end] / 1024 / 1024);
    add(`memory that a file takes at the ${end}, MiB`, memoryGoal, atMost(memory, MEMORY_GOAL));
  }
  const window = (WINDOW_BYTES + READ_AHEAD) / 1024 / 1024;
  const made = found.map(({ produced }) => produced / 1024 / 1024);
  add('made for a consumer that sleeps for 5 s, MiB', `≤ ${window.toFixed(2)}`, atMost(made, window));
  const times = found.map(({ aborts }) => median(aborts));
  add('abort until the signal of the handler, ms', `≤ ${ABORT_GOAL}`, atMost(times, ABORT_GOAL));
  const worst = found.map(({ aborts }) => (aborts.length > 0 ? Math.max(...aborts) : Number.NaN));
  rows.push([`the same, slowest of ${ABORTS}`, ...worst.map(formatRatio), '']);
  tableHeader('streams', ...peers, 'goal of kitectl');
  for (const row of rows) tableRow(...row);
}

function atMost(values: readonly number[], goal: number): (readonly [number, boolean])[] {
  return values.map((value) => [value, value <= goal]);
}

interface PeerStreams {
  /** How much the resident memory of each end has grown at most, in bytes. */
  readonly grown: { readonly server: number; readonly client: number };
  /** Bytes. */
  readonly produced: number;
  /** Milliseconds. */
  readonly aborts: readonly number[];
}

/** Measures one peer in new processes, because the peak of the memory of a process never falls. */
async function measurePeer(name: string): Promise<PeerStreams> {
  const processes = await PeerProcesses.start(name);
  try {
    const before = await processes.resident();
    const { done } = await processes.run('MB of a file as a stream', 0);
    const peak = await processes.peak();
    const grown = (end: 'server' | 'client'): number => (done > 0 ? peak[end] - before[end] : Number.NaN);
    const produced = done > 0 ? await processes.produced(SLEEP) : Number.NaN;
    return {
      grown: { server: grown('server'), client: grown('client') },
      produced,
      aborts: await processes.aborts(ABORTS),
    };
  } finally {
    processes.stop();
  }
}
