import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

/** One WebSocket message and its sender. */
export interface RecordedMessage {
  readonly from: 'client' | 'server';
  readonly isBinary: boolean;
  readonly data: Buffer;
}

/**
 * Starts a proxy of WebSockets in front of `port` that records each message. `extensions: 'dropped'`: it removes the query of the
 * client, as Go's reverse proxy does, and closes with 1003 at a binary message, as versions before the extension do.
 */
export async function startRecorder(
  port: number,
  { extensions }: { readonly extensions: 'kept' | 'dropped' } = { extensions: 'kept' },
): Promise<{ readonly url: string; readonly messages: readonly RecordedMessage[] }> {
  const messages: RecordedMessage[] = [];
  const server = http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (near, { url = '' }) => {
    const path = extensions === 'kept' ? url : url.replace(/[?&]extensions=[^&]*/, '');
    const far = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    const opened = once(far, 'open');
    const pass = (from: RecordedMessage['from'], to: WebSocket) => (data: Buffer, isBinary: boolean) => {
      messages.push({ from, isBinary, data });
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
