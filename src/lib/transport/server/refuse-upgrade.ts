import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { NOT_CACHED } from './respond.js';

/** Responds to an upgrade request with a plain HTTP response, and closes the connection. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  text: string,
  headers: readonly string[] = [],
): void {
  socket.on('error', () => socket.destroy());
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `Cache-Control: ${NOT_CACHED}`,
    ...(text === '' ? [] : ['Content-Type: text/plain; charset=UTF-8']),
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...headers,
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
