import type { AddressInfo } from 'node:net';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { os, type RouterClient } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';

/** oRPC over WebSocket, with an event iterator instead of a callback. */
const router = {
  square: os.handler(({ input }) => (input as unknown as number) ** 2),
  echo: os.handler(({ input }) => input as unknown),
  count: os.handler(async function* ({ input }) {
    for (let i = 0; i < (input as unknown as number); i++) yield i;
  }),
};

export const server: ServerPeer = {
  listen() {
    const handler = new RPCHandler(router);
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    wss.on('connection', (socket) => void handler.upgrade(socket, { context: {} }));
    return new Promise((resolve) => {
      wss.on('listening', () => resolve(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`));
    });
  },
};

export const client: ClientPeer = {
  connect(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const orpc = createORPCClient<RouterClient<typeof router>>(new RPCLink({ websocket: socket as never }));
    const connection: Connection = {
      square: (n) => orpc.square(n as never) as Promise<number>,
      echo: (value) => orpc.echo(value as never) as Promise<unknown>,
      async count(times, each) {
        for await (const _ of await orpc.count(times as never)) each();
      },
      close: () =>
        new Promise((resolve) => {
          socket.on('close', () => resolve());
          socket.close();
        }),
    };
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(connection));
      socket.on('error', reject);
    });
  },
};
