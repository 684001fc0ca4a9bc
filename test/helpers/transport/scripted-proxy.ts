import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Identified } from './authority.js';

export interface ScriptedProxyOptions {
  /** The status of all responses, instead of forwarding. */
  readonly status?: number;
  /** The headers of these responses. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The header `Proxy-Authorization` that a client must send. */
  readonly authorization?: string;
  /** Speaks TLS with this certificate. */
  readonly tls?: Identified;
  /** Never responds. */
  readonly silent?: boolean;
}

export interface ScriptedProxy {
  readonly port: number;
  /** The first line of each request, such as `CONNECT kite.test:3636`. */
  readonly requests: readonly string[];
  /** The headers of all requests, as text. */
  readonly received: readonly string[];
  /** Resolves when no client is connected. */
  idle(): Promise<void>;
}

/** Starts a proxy at 127.0.0.1 that finds every host on this machine. It ends with the test. */
export async function startScriptedProxy(options: ScriptedProxyOptions = {}): Promise<ScriptedProxy> {
  const { status, headers = {}, authorization, tls, silent = false } = options;
  const requests: string[] = [];
  const received: string[] = [];
  const clients = new Set<Socket>();
  const upstreams = new Set<Socket>();
  /** Returns the status with which a request is refused. */
  const refusal = ({
    method = '',
    url = '',
    rawHeaders,
    headers: own,
  }: IncomingMessage): number | undefined => {
    requests.push(`${method} ${url}`);
    received.push(rawHeaders.join('\n'));
    if (status !== undefined) return status;
    return authorization === undefined || own['proxy-authorization'] === authorization ? undefined : 407;
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const code = refusal(request);
    if (silent) return;
    if (code !== undefined) {
      response.writeHead(code, headers).end();
      return;
    }
    const { hostname: _, port, pathname, search } = new URL(request.url ?? '');
    const { 'proxy-authorization': __, ...passed } = request.headers;
    const forwarded = http.request(
      {
        host: '127.0.0.1',
        port,
        path: pathname + search,
        method: request.method,
        headers: passed,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  };
  const server = tls ? https.createServer(tls, onRequest) : http.createServer(onRequest);
  server.on('connection', (socket: Socket) => {
    clients.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    const code = refusal(request);
    if (silent) {
      socket.on('end', () => socket.end()).resume();
      return;
    }
    if (code !== undefined) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${code} No\r\n${lines.join('')}Content-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = net.connect(Number(/:(\d+)$/.exec(request.url ?? '')?.[1]), '127.0.0.1');
    upstreams.add(upstream);
    upstream.on('error', () => socket.destroy());
    // Reads the end of the client's side, which a pipe to a closed socket does not.
    upstream.on('close', () => socket.resume());
    upstream.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    socket.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of [...clients, ...upstreams]) socket.destroy();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    received,
    async idle() {
      for (const socket of clients) if (!socket.destroyed) await once(socket, 'close');
    },
  };
}
