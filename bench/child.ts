/** The process of one end of a peer: `child.ts server|client PEER`. Receives commands over the IPC channel. */
import { loadPeer } from './peers/load-peer.js';
import type { Connection } from './peers/peer.js';
import { type Scenario, scenarios } from './scenarios.js';
import { abortTimes, producedForSleeper } from './stream-use.js';

export type ChildCommand =
  | { readonly type: 'listen' }
  | { readonly type: 'memory' }
  | { readonly type: 'cpu' }
  | { readonly type: 'resident' }
  | { readonly type: 'peak' }
  | { readonly type: 'produced'; readonly url: string; readonly ms: number }
  | { readonly type: 'aborts'; readonly url: string; readonly count: number }
  | { readonly type: 'run'; readonly scenario: Scenario; readonly url: string; readonly ms: number }
  | { readonly type: 'idle'; readonly url: string; readonly count: number };

const [role = '', name = ''] = process.argv.slice(2);

const peer = await loadPeer(name, process.env['BENCH_KEY'] ?? '');
const idle: Connection[] = [];

async function execute(command: ChildCommand): Promise<unknown> {
  switch (command.type) {
    case 'listen':
      return peer.server.listen();
    case 'memory':
      return settledMemory();
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case 'resident':
      return process.memoryUsage().rss;
    case 'peak':
      return process.resourceUsage().maxRSS * 1024;
    case 'produced':
      return withConnection(command.url, ({ streams }) => streams && producedForSleeper(streams, command.ms));
    case 'aborts':
      return withConnection(command.url, (connection) => abortTimes(connection, command.count));
    case 'run':
      return scenarios[command.scenario](peer.client, command.url, command.ms);
    case 'idle':
      for (let i = 0; i < command.count; i++) {
        const connection = await peer.client.connect(command.url);
        await connection.square(4);
        idle.push(connection);
      }
      return null;
  }
}

async function withConnection<Result>(
  url: string,
  use: (connection: Connection) => Promise<Result> | undefined,
): Promise<Result | undefined> {
  const connection = await peer.client.connect(url);
  const result = await use(connection);
  await connection.close();
  return result;
}

/** Memory in use after garbage collection, in bytes. */
export interface Memory {
  /** Of the whole process, including sockets outside of the heap and free memory of the heap. */
  readonly rss: number;
  /** Of JavaScript objects. */
  readonly heap: number;
}

async function settledMemory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

process.on('message', (command: ChildCommand) => {
  execute(command).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: `${role} of ${name}: ${String(error)}` }),
  );
});
process.send?.({ value: 'ready' });
