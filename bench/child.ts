/** One end of one peer, in a process of its own: `child.ts server|client PEER`. Told what to do over the process's channel. */
import * as bare from './peers/bare.js';
import type { ClientPeer, Connection, ServerPeer } from './peers/peer.js';
import { type Scenario, scenarios } from './scenarios.js';

export type ChildCommand =
  | { readonly do: 'listen' }
  | { readonly do: 'memory' }
  | { readonly do: 'cpu' }
  | { readonly do: 'run'; readonly scenario: Scenario; readonly url: string; readonly ms: number }
  | { readonly do: 'idle'; readonly url: string; readonly count: number };

const [role = '', name = ''] = process.argv.slice(2);

async function loadPeer(): Promise<{ server: ServerPeer; client: ClientPeer }> {
  if (name === 'bare') return bare;
  if (name === 'kite.js') return import('./peers/kite-js.js');
  const kitectl = await import('./peers/kitectl.js');
  const key = process.env['BENCH_KEY'];
  return name === 'kitectl+key' && key ? kitectl.authenticated(key) : kitectl;
}

const peer = await loadPeer();
const idle: Connection[] = [];

async function execute(order: ChildCommand): Promise<unknown> {
  switch (order.do) {
    case 'listen':
      return peer.server.listen();
    case 'memory':
      return settledMemory();
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case 'run':
      return scenarios[order.scenario](peer.client, order.url, order.ms);
    case 'idle':
      for (let i = 0; i < order.count; i++) {
        const connection = await peer.client.connect(order.url);
        await connection.square(4);
        idle.push(connection);
      }
      return null;
  }
}

/** Bytes in use once garbage is collected. */
export interface Memory {
  /** Of the whole process: what sockets take outside of the heap counts, and so does the room the heap keeps free. */
  readonly rss: number;
  /** Of JavaScript's objects. */
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

process.on('message', (order: ChildCommand) => {
  execute(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: `${role} of ${name}: ${String(error)}` }),
  );
});
process.send?.({ value: 'ready' });
