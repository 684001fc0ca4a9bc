/** socket.io over WebSocket only, with acknowledgements as responses. The parts of a file are acknowledged as well. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { FileSource } from '../file-source.js';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';
import { urlOf } from '../sockets.js';

const MAX_MESSAGE = 64 * 1024 * 1024;

const file = new FileSource();

export const server: ServerPeer = {
  listen() {
    const http = createServer();
    const sockets = new Server(http, {
      transports: ['websocket'],
      maxHttpBufferSize: MAX_MESSAGE,
      serveClient: false,
    });
    sockets.on('connection', (socket) => {
      socket.on('square', (n: number, done: (result: number) => void) => done(n * n));
      socket.on('echo', (value: unknown, done: (result: unknown) => void) => done(value));
      socket.on('count', (times: number, done: (result: number) => void) => {
        for (let i = 0; i < times; i++) socket.emit('each', i);
        done(times);
      });
      socket.on('download', async (done: (result: null) => void) => {
        for await (const part of file.parts()) await socket.emitWithAck('part', part);
        done(null);
      });
      socket.on('produced', (done: (result: number) => void) => done(file.produced));
    });
    return new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(urlOf(http, 'http'))));
  },
};

export const client: ClientPeer = {
  connect(url) {
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
    let each = (): void => {};
    let part: (data: Uint8Array) => Promise<void> | void = () => undefined;
    socket.on('each', () => each());
    socket.on('part', async (data: Uint8Array, done: (result: null) => void) => {
      await part(data);
      done(null);
    });
    const count = async (times: number, onEach: () => void): Promise<void> => {
      each = onEach;
      await socket.emitWithAck('count', times);
    };
    const connection: Connection = {
      square: (n) => socket.emitWithAck('square', n) as Promise<number>,
      hasBytes: true,
      echo: (value) => socket.emitWithAck('echo', value) as Promise<unknown>,
      count,
      streams: {
        items: count,
        async download(take) {
          part = take;
          await socket.emitWithAck('download');
        },
        produced: () => socket.emitWithAck('produced') as Promise<number>,
      },
      close: () =>
        new Promise((resolve) => {
          socket.on('disconnect', () => resolve());
          socket.disconnect();
        }),
    };
    return new Promise((resolve, reject) => {
      socket.on('connect', () => resolve(connection));
      socket.on('connect_error', reject);
    });
  },
};
