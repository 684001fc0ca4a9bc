import type { AddressInfo } from 'node:net';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';

/** tRPC over WebSocket, with a subscription instead of a callback. */
const t = initTRPC.create();
const number = (value: unknown): number => value as number;

const router = t.router({
  square: t.procedure.input(number).mutation(({ input }) => input * input),
  echo: t.procedure.input((value: unknown) => value).mutation(({ input }) => input),
  count: t.procedure.input(number).subscription(async function* ({ input }) {
    for (let i = 0; i < input; i++) yield i;
  }),
});

export const server: ServerPeer = {
  listen() {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    applyWSSHandler({ wss, router });
    return new Promise((resolve) => {
      wss.on('listening', () => resolve(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`));
    });
  },
};

export const client: ClientPeer = {
  connect(url) {
    return new Promise((resolve, reject) => {
      const socket = createWSClient({
        url,
        WebSocket: WebSocket as never,
        retryDelayMs: () => 60_000,
        onOpen: () => resolve(connection),
        onError: reject,
      });
      const trpc = createTRPCClient<typeof router>({ links: [wsLink({ client: socket })] });
      const connection: Connection = {
        square: (n) => trpc.square.mutate(n),
        echo: (value) => trpc.echo.mutate(value) as Promise<unknown>,
        count: (times, each) =>
          new Promise((done, fail) => {
            trpc.count.subscribe(times, { onData: each, onComplete: done, onError: fail });
          }),
        close: () => socket.close(),
      };
    });
  },
};
