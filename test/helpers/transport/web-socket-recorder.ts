import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

/** One WebSocket message, or the body of an HTTP request or response, and its sender. */
export interface RecordedMessage {
  readonly from: 'client' | 'server';
  /** The path of the WebSocket or of the request, without its query. */
  readonly path: string;
  readonly isBinary: boolean;
  readonly data: Buffer;
}

/**
 * Starts a proxy in front of `port` that records each message of WebSockets, and the bodies of HTTP. `extensions: 'dropped'`: it
 * removes the extensions that a client asks for, as Go's reverse proxy does, and closes with 1003 at a binary message, as versions
 * before the extension do.
 */
export async function startRecorder(
  port: number,
  { extensions }: { readonly extensions: 'kept' | 'dropped' } = { extensions: 'kept' },
): Promise<{ readonly url: string; readonly messages: readonly RecordedMessage[] }> {
  const messages: RecordedMessage[] = [];
  const passedOn = (url = ''): string =>
    extensions === 'kept' ? url : url.replace(/[?&]extensions=[^&]*/, '');
  const server = http.createServer((request, response) => {
    const path = passedOn(request.url);
    const record = (from: RecordedMessage['from'], data: Buffer): void => {
      if (data.length > 0) messages.push({ from, path: path.replace(/\?.*/, ''), isBinary: false, data });
    };
    void passRequest({ port, path, request, response, record }).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (near, { url }) => {
    const path = passedOn(url);
    const far = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    const opened = once(far, 'open');
    const pass = (from: RecordedMessage['from'], to: WebSocket) => (data: Buffer, isBinary: boolean) => {
      messages.push({ from, path: path.replace(/\?.*/, ''), isBinary, data });
      if (isBinary && extensions === 'dropped') near.close(1003);
      else void opened.then(() => to.send(data, { binary: isBinary }));
    };
    near.on('message', pass('client', far));
    far.on('message', pass('server', near));
    near.on('close', () => far.terminate());
    far.on('close', () => near.terminate());
    far.on('error', () => near.terminate());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`, messages };
}

/** Passes a request on, and its response back. */
async function passRequest({
  port,
  path,
  request,
  response,
  record,
}: {
  readonly port: number;
  readonly path: string;
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly record: (from: RecordedMessage['from'], data: Buffer) => void;
}): Promise<void> {
  const body = await buffer(request);
  record('client', body);
  const { method, headers } = request;
  const further = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  response.on('close', () => further.destroy());
  const answered = once(further, 'response') as Promise<[http.IncomingMessage]>;
  further.end(body);
  const [answer] = await answered;
  const content = await buffer(answer);
  record('server', content);
  response.writeHead(answer.statusCode ?? 502, answer.headers).end(content);
}

/** Returns the messages of dnode that were recorded, whichever transport has carried them. A binary message is its first text. */
export function dnodeMessages({ isBinary, data }: RecordedMessage): string[] {
  if (isBinary) return [data.subarray(4, 4 + data.readUInt32BE()).toString()];
  return data
    .toString()
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('{')) return [line];
      return /^a?\[/.test(line) ? (JSON.parse(line.replace(/^a/, '')) as string[]) : [];
    });
}

/** Starts a relay in front of `port` that counts the bytes that clients have sent and received. */
export async function startCounter(
  port: number,
): Promise<{ readonly port: number; readonly sent: () => number; readonly received: () => number }> {
  const counts = { sent: 0, received: 0 };
  const open = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data) => (counts.sent += data.length));
    far.on('data', (data) => (counts.received += data.length));
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => counts.sent,
    received: () => counts.received,
  };
}
