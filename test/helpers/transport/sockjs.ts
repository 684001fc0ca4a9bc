import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { noProxy } from '../../../src/lib/transport/handshake/forward-proxy.js';
import { dial } from '../../../src/lib/transport/dial/dial.js';
import type { NodeDialOptions } from '../../../src/lib/transport/handshake/node-dial-options.js';
import { SockJsServer, type SockJsServerOptions } from '../../../src/lib/transport/server/sockjs-server.js';
import type { Channel, ChannelReceiver } from '../../../src/lib/transport/channel/channel.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { defaultLimits, type Limits } from '../../../src/lib/kite/limits/kite-limits.js';

/** Receives from a channel and lets a test wait for a condition. */
export class Inbox implements ChannelReceiver {
  readonly messages: string[] = [];
  /** The close events, of which there must be at most one. */
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  drains = 0;
  readonly #waiting = new Set<() => void>();

  message(text: string): void {
    this.messages.push(text);
    this.#changed();
  }

  drain(): void {
    this.drains++;
    this.#changed();
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
    this.#changed();
  }

  /** Resolves once `condition` is true; it is evaluated after each event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  async count(messages: number): Promise<readonly string[]> {
    await this.until(() => this.messages.length >= messages);
    return this.messages;
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    await this.until(() => this.closes.length > 0);
    return this.closes[0];
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface TestServer {
  /** `http://127.0.0.1:port/kite` */
  readonly url: string;
  readonly port: number;
  readonly sockjs: SockJsServer;
  /** The opened sessions in order. */
  readonly sessions: readonly Channel[];
  /** The request that opened each session. */
  readonly requests: readonly http.IncomingMessage[];
  /** The next session that opens. */
  session(): Promise<Channel>;
  /** Resolves once the SockJS server has got that many more requests. */
  handled(requests: number): Promise<void>;
  close(): Promise<void>;
}

export type TestServerOptions = Partial<Omit<SockJsServerOptions, 'limits'>> & {
  readonly limits?: Partial<Limits>;
};

/** A SockJS server on a free port, serving `/kite`. Without `onSession` the test handles its sessions. */
export async function startSockJs(options: TestServerOptions = {}): Promise<TestServer> {
  const sessions: Channel[] = [];
  const requests: http.IncomingMessage[] = [];
  const waiting: ((session: Channel) => void)[] = [];
  const counting = new Set<() => void>();
  const sockjs = new SockJsServer({
    prefixes: ['/kite'],
    clock: systemClock,
    ...options,
    limits: { ...defaultLimits, ...options.limits },
    onSession(channel, request, target) {
      sessions.push(channel);
      requests.push(request);
      options.onSession?.(channel, request, target);
      waiting.shift()?.(channel);
    },
  });
  const server = http.createServer((req, res) => {
    if (!sockjs.handleRequest(req, res)) res.writeHead(404).end('not ours');
    for (const count of counting) count();
  });
  server.on('upgrade', (req, socket, head) => {
    if (!sockjs.handleUpgrade(req, socket, head)) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/kite`,
    port,
    sockjs,
    sessions,
    requests,
    session: () => new Promise((resolve) => waiting.push(resolve)),
    handled: (count) =>
      new Promise((resolve) => {
        let left = count;
        const counted = (): void => {
          if (left-- > 0) return;
          counting.delete(counted);
          resolve();
        };
        counting.add(counted);
        counted();
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      const left = sockjs.close();
      server.closeAllConnections();
      await left;
      await closed;
    },
  };
}

/** Sends every message back. */
export function echo(channel: Channel): void {
  channel.start({
    message: (text) => channel.send(text),
    drain() {},
    close() {},
  });
}

export function dialTest(
  url: string,
  options: Partial<Omit<NodeDialOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
) {
  return dial(url, {
    transport: 'WebSocket',
    handshakeTimeout: 10_000,
    clock: systemClock,
    findProxy: noProxy,
    ...options,
    limits: { ...defaultLimits, ...options.limits },
  });
}
