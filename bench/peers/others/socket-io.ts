import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';

/** socket.io over WebSocket only, with acknowledgements as responses. */
const MAX_MESSAGE = 64 * 1024 * 1024;

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
    });
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(http.address() as AddressInfo).port}`));
    });
  },
};

export const client: ClientPeer = {
  connect(url) {
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
    let each = (): void => {};
    socket.on('each', () => each());
    const connection: Connection = {
      square: (n) => socket.emitWithAck('square', n) as Promise<number>,
      echo: (value) => socket.emitWithAck('echo', value) as Promise<unknown>,
      async count(times, onEach) {
        each = onEach;
        await socket.emitWithAck('count', times);
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
