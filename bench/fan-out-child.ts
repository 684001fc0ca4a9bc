/**
 * A process of the fan-out benchmark: `fan-out-child.ts kontrol`, or `fan-out-child.ts caller URL KEY`, which makes pings and queries
 * of one kite one after the other. Receives commands over the IPC channel.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Kite } from '../src/lib/index.js';
import { Kontrol, openPolicy } from '../src/lib/kontrol.js';
import { openStorage } from '../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../src/lib/util/clock.js';
import { silentLogger } from '../src/lib/util/logger.js';

export type FanOutCommand =
  /** Returns the URL of Kontrol. */
  | { readonly type: 'listen' }
  /** Returns kite keys of users. */
  | { readonly type: 'keys'; readonly usernames: readonly string[] }
  /** Begins to measure. */
  | { readonly type: 'begin' }
  /** Returns what was measured since. */
  | { readonly type: 'end' };

/** Times in milliseconds. */
export interface KontrolUse {
  readonly cpu: number;
  /** The longest turn of the event loop. */
  readonly stall: number;
  /** Resident memory, in MiB. */
  readonly memory: number;
}

/** The longest call of each kind, and the longest turn of the caller's own event loop, in milliseconds. */
export type CallerUse = Readonly<Record<'ping' | 'query' | 'own', number>>;

const [, , role = '', url = '', key = ''] = process.argv;
const MANY = 10_000_000;
const storage = openStorage({ type: 'memory' }, { clock: systemClock, logger: silentLogger });
const limits = {
  registrationsPerUser: MANY,
  watchersPerUser: MANY,
  watchersPerConnection: MANY,
  queriesPerUser: MANY,
  sessions: MANY,
  messageBytes: 64 * 1024 * 1024,
  sendQueueBytes: 256 * 1024 * 1024,
  totalQueueBytes: 1024 * 1024 * 1024,
};
const kontrol =
  role === 'kontrol'
    ? new Kontrol({ storage, port: 0, env: {}, logger: silentLogger, policy: openPolicy(), limits })
    : undefined;

const delay = monitorEventLoopDelay({ resolution: 1 });
let cpu = process.cpuUsage();
const longest = { ping: 0, query: 0 };
/** When the measurement began. */
let begun = 0;

async function timed(kind: keyof typeof longest, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  if (start > begun) longest[kind] = Math.max(longest[kind], performance.now() - start);
}

async function callForever(): Promise<void> {
  const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  const client = kite.newClient(url, { auth: { type: 'kiteKey', key } });
  await client.dial();
  const query = { username: 'kontrol' };
  for (;;) {
    await timed('ping', () => client.tellWithTimeout(60_000, 'kite.ping'));
    await timed('query', () => client.tellWithTimeout(60_000, 'getKites', { query }));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function execute(command: FanOutCommand): Promise<unknown> {
  switch (command.type) {
    case 'listen':
      await kontrol?.listen();
      return kontrol?.url;
    case 'keys':
      return Promise.all(command.usernames.map(async (username) => kontrol?.newKiteKey(username)));
    case 'begin':
      globalThis.gc?.();
      // The garbage collection does not count.
      await new Promise((resolve) => setTimeout(resolve, 20));
      begun = performance.now();
      longest.ping = 0;
      longest.query = 0;
      cpu = process.cpuUsage();
      delay.enable();
      delay.reset();
      return null;
    case 'end': {
      const { user, system } = process.cpuUsage(cpu);
      const memory = process.memoryUsage.rss() / 1024 / 1024;
      return role === 'kontrol'
        ? { cpu: (user + system) / 1000, stall: delay.max / 1e6, memory }
        : { ...longest, own: delay.max / 1e6 };
    }
  }
}

process.on('message', (command: FanOutCommand) => {
  execute(command).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
if (role === 'caller') void callForever();
process.send?.({ value: 'ready' });
