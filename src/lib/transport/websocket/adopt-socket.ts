import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Options of `ws` for an adopted socket. `ws` applies its own defaults only to connections that its client opens. */
export interface AdoptOptions {
  /** Maximum size of a message, in bytes. */
  readonly maxPayload: number;
  /** Maximum time that the peer has to answer a close frame, in milliseconds. */
  readonly closeTimeout: number;
}

// Undocumented members that `ws` has used since version 8.0 when its own handshake is complete. If a version removes them, no
// client connects, and the tests fail.
interface Unconnected extends WebSocket {
  _isServer: boolean;
  setSocket(socket: Socket, head: Buffer, options: object): void;
}

const UnconnectedWebSocket = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => Unconnected;

/**
 * Returns the client's end of a WebSocket whose handshake is complete, on a socket that is being read. `head` is the data that
 * arrived after the handshake; it is delivered in a later tick, before what arrives later.
 */
export function adoptSocket(socket: Socket, head: Buffer, options: AdoptOptions): WebSocket {
  const settings = {
    allowSynchronousEvents: true,
    autoPong: true,
    maxPendingAutoPongs: 60,
    maxBufferedChunks: 256 * 1024,
    maxFragments: 16 * 1024,
    skipUTF8Validation: false,
    ...options,
  };
  const ws = new UnconnectedWebSocket(null, undefined, settings);
  ws._isServer = false;
  // Not `head`: a flowing socket would not emit it until more data arrives, and pausing and resuming it takes time.
  ws.setSocket(socket, NO_DATA, settings);
  if (head.length > 0) process.nextTick(deliver, socket, head);
  return ws;
}

const NO_DATA = Buffer.alloc(0);

function deliver(socket: Socket, head: Buffer): void {
  if (!socket.destroyed) socket.emit('data', head);
}
