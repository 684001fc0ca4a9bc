/** tRPC over WebSocket, with a subscription instead of a callback. Its items are JSON: a file is sent as base64. */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { AbortTime, FileSource, now } from '../file-source.js';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';
import { listening } from '../sockets.js';

const file = new FileSource();
const abort = new AbortTime();
const t = initTRPC.create();
const number = (value: unknown): number => value as number;

const router = t.router({
  square: t.procedure.input(number).mutation(({ input }) => input * input),
  echo: t.procedure.input((value: unknown) => value).mutation(({ input }) => input),
  count: t.procedure.input(number).subscription(async function* ({ input }) {
    for (let i = 0; i < input; i++) yield i;
  }),
  download: t.procedure.subscription(async function* () {
    for await (const part of file.parts()) yield part.toString('base64');
  }),
  produced: t.procedure.mutation(() => file.produced),
  endless: t.procedure.subscription(async function* ({ signal }) {
    yield 'begun';
    await abort.wait(signal ?? new AbortController().signal);
  }),
  abortTime: t.procedure.mutation(() => abort.time),
});

export const server: ServerPeer = {
  listen() {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    applyWSSHandler({ wss, router });
    return listening(wss);
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
      const count = (times: number, each: () => void): Promise<void> =>
        new Promise((done, fail) => {
          trpc.count.subscribe(times, { onData: each, onComplete: done, onError: fail });
        });
      const connection: Connection = {
        square: (n) => trpc.square.mutate(n),
        echo: (value) => trpc.echo.mutate(value) as Promise<unknown>,
        count,
        streams: {
          items: count,
          // A subscription has no back-pressure.
          async download(each) {
            let last = Promise.resolve();
            await new Promise<void>((done, fail) => {
              const onData = (part: string): void => {
                last = last.then(() => each(Buffer.from(part, 'base64')));
              };
              trpc.download.subscribe(undefined, { onData, onComplete: done, onError: fail });
            });
            await last;
          },
          produced: () => trpc.produced.mutate(),
        },
        abort: () =>
          new Promise((resolve, reject) => {
            const onData = (): void => {
              const start = now();
              subscription.unsubscribe();
              trpc.abortTime.mutate().then((time) => resolve(time - start), reject);
            };
            const subscription = trpc.endless.subscribe(undefined, { onData, onError: reject });
          }),
        close: () => socket.close(),
      };
    });
  },
};
