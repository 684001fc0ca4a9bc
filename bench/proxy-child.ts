/**
 * A process of the benchmark of the proxies: `proxy-child.ts kite|caller|reverse|tunnel`. Receives commands over the IPC
 * channel.
 */
import { Kite } from '../src/lib/index.js';
import { ReverseProxy } from '../src/lib/proxy/reverse/reverse-proxy.js';
import { TunnelProxy } from '../src/lib/proxy/tunnel/tunnel-proxy.js';
import { silentLogger } from '../src/lib/util/logger.js';
import type { Memory } from './child.js';
import type { ClientPeer, Connection } from './peers/peer.js';
import { type Scenario, scenarios } from './scenarios.js';

export type ProxyCommand =
  /** Starts a proxy or the kite, and returns its URL. */
  | { readonly type: 'listen' }
  /** Registers the kite with both proxies, and returns the public URLs. */
  | { readonly type: 'register'; readonly reverse: string; readonly tunnel: string }
  | { readonly type: 'run'; readonly scenario: Scenario; readonly url: string; readonly ms: number }
  /** Makes sequential calls for `ms` milliseconds, and returns the median latency in microseconds. */
  | { readonly type: 'latency'; readonly url: string; readonly ms: number }
  | { readonly type: 'idle'; readonly url: string; readonly count: number }
  | { readonly type: 'cpu' }
  | { readonly type: 'memory' };

const [role = ''] = process.argv.slice(2);
const kiteKey = process.env['BENCH_KEY'] ?? '';
const proxyOptions = { port: 0, env: {}, logger: silentLogger, kiteKey };

const kite = new Kite('bench', '1.0.0', { port: 0, env: {}, logger: silentLogger, kiteKey });
kite.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
kite.handle<[unknown]>('echo', ({ args: [value] }) => value).disableAuthentication();

interface Methods {
  square(n: number): number;
  echo(value: unknown): unknown;
}

const caller: ClientPeer = {
  async connect(url): Promise<Connection> {
    const client = kite.newClient<Methods>(url);
    await client.dial();
    return {
      square: (n) => client.tell('square', n),
      echo: (value) => client.tell('echo', value),
      count: () => Promise.reject(new Error('not measured')),
      close: () =>
        new Promise((resolve) => {
          client.on('disconnect', () => resolve());
          client.close();
        }),
    };
  },
};

const idle: Connection[] = [];

async function listen(): Promise<string> {
  if (role === 'kite') {
    await kite.listen();
    return kite.url ?? '';
  }
  const proxy = role === 'reverse' ? new ReverseProxy(proxyOptions) : new TunnelProxy(proxyOptions);
  await proxy.listen();
  return proxy.url;
}

async function execute(command: ProxyCommand): Promise<unknown> {
  switch (command.type) {
    case 'listen':
      return listen();
    case 'register': {
      const reverse = await kite.registerToProxy({ proxyUrl: command.reverse });
      const tunnel = await kite.registerToTunnel({ proxyUrl: command.tunnel });
      return { reverse: reverse.url, tunnel: tunnel.url };
    }
    case 'run':
      return scenarios[command.scenario](caller, command.url, command.ms);
    case 'latency':
      return latency(command.url, command.ms);
    case 'idle':
      for (let i = 0; i < command.count; i++) {
        const connection = await caller.connect(command.url);
        await connection.square(4);
        idle.push(connection);
      }
      return null;
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case 'memory':
      return memory();
  }
}

async function latency(url: string, ms: number): Promise<number> {
  const connection = await caller.connect(url);
  const times: number[] = [];
  const end = performance.now() + ms;
  for (let before = performance.now(); before < end; ) {
    await connection.square(4);
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  await connection.close();
  return (times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN) * 1000;
}

/** Returns the memory in use after garbage collection. */
async function memory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

process.on('message', (command: ProxyCommand) => {
  execute(command).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: `${role}: ${String(error)}` }),
  );
});
process.send?.({ value: 'ready' });
