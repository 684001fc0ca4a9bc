import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';

/** What a channel does at the events of its WebSocket. */
export interface WebSocketListener {
  handleMessage(data: RawData, isBinary: boolean): void;
  /** The WebSocket failed. 'close' follows. */
  handleError(error: Error): void;
  handleClose(code: number, reason: string): void;
  /** The peer has ended its side. */
  handleEnd(): void;
  /** A chunk has arrived, and `ws` has handled its messages. */
  handleData(length: number): void;
  /** Another method has thrown. Must not throw. */
  handleFailure(error: unknown): void;
}

/**
 * Calls the methods of a channel at the events of its WebSocket. The listeners are functions of this module that find the channel
 * by a symbol, so that an idle connection does not need closures.
 */
export function listenTo(ws: WebSocket, socket: Socket, channel: WebSocketListener): void {
  (ws as WithChannel)[CHANNEL] = channel;
  (socket as WithChannel)[CHANNEL] = channel;
  ws.on('message', onMessage);
  ws.on('error', onError);
  ws.on('close', onClose);
  socket.on('end', onEnd);
}

/** Calls `handleData` from now on. Must be called after `ws` has begun to listen, so that it handles each chunk first. */
export function listenToData(socket: Socket): void {
  socket.on('data', onData);
}

export function stopListeningToData(socket: Socket): void {
  socket.removeListener('data', onData);
}

const CHANNEL = Symbol('channel');

interface WithChannel {
  [CHANNEL]?: WebSocketListener;
}

// The listeners guard themselves, because a function for each connection takes memory, and an array for each message takes time.
function onMessage(this: WebSocket & WithChannel, data: RawData, isBinary: boolean): void {
  try {
    this[CHANNEL]?.handleMessage(data, isBinary);
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

// `ws` always emits 'close' after 'error'.
function onError(this: WebSocket & WithChannel, error: Error): void {
  try {
    this[CHANNEL]?.handleError(error);
  } catch (failure) {
    this[CHANNEL]?.handleFailure(failure);
  }
}

function onClose(this: WebSocket & WithChannel, code: number, reason: Buffer): void {
  try {
    this[CHANNEL]?.handleClose(code, reason.toString());
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

function onEnd(this: Socket & WithChannel): void {
  try {
    this[CHANNEL]?.handleEnd();
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

function onData(this: Socket & WithChannel, chunk: Buffer): void {
  try {
    this[CHANNEL]?.handleData(chunk.length);
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}
