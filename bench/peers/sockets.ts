import type { AddressInfo, Server } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** What the peers that use the sockets of `ws` have in common. */

/** Listens on a free port of loopback, and resolves with the URL for clients. */
export function newServer(accept: (socket: WebSocket) => void): Promise<string> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  wss.on('connection', accept);
  return listening(wss);
}

/** The same for peers that need the server. */
export function listening(server: WebSocketServer): Promise<string> {
  return new Promise((resolve) => server.on('listening', () => resolve(urlOf(server, 'ws'))));
}

/** The URL of a server that listens. */
export function urlOf(server: Pick<Server, 'address'>, scheme: 'ws' | 'http'): string {
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function newSocket(url: string): WebSocket {
  return new WebSocket(url, { perMessageDeflate: false });
}

/** Resolves with a connection when its socket is open. */
export function whenOpen<Connection>(socket: WebSocket, connection: Connection): Promise<Connection> {
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(connection));
    socket.on('error', reject);
  });
}

/** Closes a socket. Resolves when it has ended. `before` runs first. */
export function closeSocket(socket: WebSocket, before: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    socket.on('close', () => resolve());
    before();
    socket.close();
  });
}
