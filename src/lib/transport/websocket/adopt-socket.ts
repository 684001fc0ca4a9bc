import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** What `ws` is told about a connection. Its own defaults stand where it is led to a connection by its own client only. */
export interface AdoptOptions {
  /** Bytes of the longest message. */
  readonly maxPayload: number;
  /** Milliseconds that the peer has to answer a goodbye. */
  readonly closeTimeout: number;
  /** Fills in the mask of a frame. Default: random. */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
}

// The two that `ws` uses when one of its own handshakes is over. They have been there since its version 8.0 without being
// documented; should a version do without them, no client connects and the tests fail at once.
interface Unconnected extends WebSocket {
  _isServer: boolean;
  setSocket(socket: Socket, head: Buffer, options: object): void;
}

const UnconnectedWebSocket = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => Unconnected;

/** The client's end of a WebSocket whose handshake is over. `head` is what has come behind it: delivered in a later tick. */
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
  // A flowing socket would keep what is put back until more comes.
  socket.pause();
  ws.setSocket(socket, head, settings);
  socket.resume();
  return ws;
}
