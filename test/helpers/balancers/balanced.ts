import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { Kite } from '../../../src/lib/index.js';
import { type Clock, systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { type Balancer, deployed, startHaproxy, startNginx } from './balancer.js';

/** How many times faster timers are, in the kites and in the load balancers. */
export const SPEED = 20;

/** A clock whose timers are `SPEED` times faster. */
const fastClock: Clock = {
  ...systemClock,
  setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms / SPEED),
};

/** A node behind a load balancer. */
export interface Node {
  readonly port: number;
}

/** Starts a kite whose method `node` returns its name. All methods are open to everyone. */
export async function startNode(name: string, trustedProxies: readonly string[] = []): Promise<Node> {
  const kite = new Kite('math', '1.0.0', { env: {}, logger: silentLogger, clock: fastClock, trustedProxies });
  kite.handle('node', () => name).disableAuthentication();
  kite.handle('echo', ({ args: [value] }) => value).disableAuthentication();
  kite.handle('address', ({ client }) => client.remoteAddress).disableAuthentication();
  kite
    .handle<[number, (value: number) => void]>('count', ({ args: [count, callback] }) => {
      for (let value = 0; value < count; value++) callback(value);
      return count;
    })
    .disableAuthentication();
  kite.handleHttp('/readyz', (_request, response) => void response.end('ready\n'));
  await kite.listen();
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  const { port } = kite;
  if (port === undefined) throw new Error('The kite does not listen');
  return { port };
}

/** Starts a server whose WebSockets are silent. */
export async function startSilent(): Promise<Node> {
  const server = http.createServer((_request, response) => response.end());
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port };
}

/** The load balancers, each with what it puts in front of two nodes. */
export const BALANCERS: Readonly<Record<string, (one: Node, other: Node) => Promise<Balancer>>> = {
  'nginx with docs/deploy/nginx.conf': (one, other) =>
    startNginx(
      deployed('nginx.conf', {
        'listen 80': 'listen PORT',
        '10.1.0.11:4000': `127.0.0.1:${one.port}`,
        '10.1.0.12:4000': `127.0.0.1:${other.port}`,
        'proxy_read_timeout 60s': `proxy_read_timeout ${60_000 / SPEED}ms`,
      }),
    ),
  'HAProxy with docs/deploy/haproxy.cfg': (one, other) =>
    startHaproxy(
      deployed('haproxy.cfg', {
        'bind :80': 'bind PORT',
        '10.1.0.11:4000': `127.0.0.1:${one.port}`,
        '10.1.0.12:4000': `127.0.0.1:${other.port}`,
        'timeout client 50s': `timeout client ${50_000 / SPEED}ms`,
        'timeout server 50s': `timeout server ${50_000 / SPEED}ms`,
      }),
    ),
  // Does not pass upgrades on, and requests everything with HTTP/1.0. It does not know about sessions, so there is one node.
  'nginx with nothing but proxy_pass': (one) =>
    startNginx(
      `events {} http { server { listen PORT; proxy_read_timeout ${60_000 / SPEED}ms;
        location / { proxy_pass http://127.0.0.1:${one.port}; } } }`,
    ),
};

export async function behind(name: string, one: Node, other: Node): Promise<Balancer & { url: string }> {
  const balancer = await BALANCERS[name]?.(one, other);
  if (!balancer) throw new Error(`There is no load balancer ${name}`);
  onTestFinished(() => balancer.close());
  return { ...balancer, url: `http://127.0.0.1:${balancer.port}/kite` };
}
