/** oRPC over WebSocket, with an event iterator instead of a callback. Its events cannot have bytes: a file is sent as base64. */
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { os, type RouterClient } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { AbortTime, FileSource, now } from '../file-source.js';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';
import { closeSocket, newServer, newSocket, whenOpen } from '../sockets.js';

const file = new FileSource();
const abort = new AbortTime();

const router = {
  square: os.handler(({ input }) => (input as unknown as number) ** 2),
  echo: os.handler(({ input }) => input as unknown),
  count: os.handler(async function* ({ input }) {
    for (let i = 0; i < (input as unknown as number); i++) yield i;
  }),
  download: os.handler(async function* () {
    for await (const part of file.parts()) yield part.toString('base64');
  }),
  produced: os.handler(() => file.produced),
  endless: os.handler(({ signal }) => abort.wait(signal ?? new AbortController().signal)),
  abortTime: os.handler(() => abort.time),
};

export const server: ServerPeer = {
  listen() {
    const handler = new RPCHandler(router);
    return newServer((socket) => void handler.upgrade(socket, { context: {} }));
  },
};

export const client: ClientPeer = {
  connect(url) {
    const socket = newSocket(url);
    const orpc = createORPCClient<RouterClient<typeof router>>(new RPCLink({ websocket: socket as never }));
    const count = async (times: number, each: () => void): Promise<void> => {
      for await (const _ of await orpc.count(times as never)) each();
    };
    const connection: Connection = {
      square: (n) => orpc.square(n as never) as Promise<number>,
      echo: (value) => orpc.echo(value as never) as Promise<unknown>,
      count,
      streams: {
        items: count,
        async download(each) {
          for await (const part of await orpc.download()) await each(Buffer.from(part, 'base64'));
        },
        produced: () => orpc.produced(),
      },
      async abort() {
        const controller = new AbortController();
        const call = orpc.endless(undefined, { signal: controller.signal });
        await orpc.square(4 as never);
        const start = now();
        controller.abort();
        await call.catch(() => undefined);
        return (await orpc.abortTime()) - start;
      },
      close: () => closeSocket(socket),
    };
    return whenOpen(socket, connection);
  },
};
