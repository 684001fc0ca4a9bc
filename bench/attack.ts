/** What attackers of the load tests send: frames, not calls of this library, so that they do not stay within its limits. */
import { connect, type Socket } from 'node:net';

const sockets: Socket[] = [];

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function times(count: number, start: (n: number) => unknown): Promise<void> {
  for (let n = 0; n < count; n++) await start(n);
}

/** Ends the connection when the load ends. */
export function track(socket: Socket): void {
  sockets.push(socket);
  socket.on('error', () => undefined);
}

export function endAll(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** Opens a WebSocket of SockJS. Resolves with its socket. */
export function open(url: URL, session: number): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  track(socket);
  socket.write(
    `GET ${url.pathname}/000/load${session}/websocket HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
  );
  return new Promise((resolve) => socket.once('data', () => resolve(socket)));
}

/** A frame with a mask of zeros. `length`: the length that its header declares. */
export function frame(text: string, { length = text.length, fin = true, opcode = 1 } = {}): Buffer {
  const header = Buffer.alloc(14);
  header[0] = (fin ? 0x80 : 0) | opcode;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.from(text, 'latin1')]);
}

/** A frame that calls a method. The callback 1 is for the response, and 0 is the first argument if it is `[Function]`. */
export function call(method: string, envelope: object, callbacks: object): Buffer {
  const options = { kite: {}, ...envelope, responseCallback: '[Function]' };
  const message = {
    method,
    arguments: [options],
    callbacks: { 1: [0, 'responseCallback'], ...callbacks },
  };
  return frame(JSON.stringify([JSON.stringify(message)]));
}
