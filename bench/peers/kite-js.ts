import { createServer } from 'node:net';
import kitejs from 'kite.js';
import type { ClientPeer, Connection, ServerPeer } from './peer.js';

/** npm's `kite.js` 1.0.13 at both ends, over raw WebSocket, as it does by default. */
const { Kite, KiteServer } = kitejs;

type Callback = (error: unknown, result: unknown) => void;

export const server: ServerPeer = {
  async listen() {
    const port = await freePort();
    const kite = new KiteServer({
      name: 'bench',
      auth: false,
      logLevel: 0,
      api: {
        square: (n: number, done: Callback) => done(null, n * n),
        echo: (text: string, done: Callback) => done(null, text),
        count(times: number, each: (i: number) => void, done: Callback) {
          for (let i = 0; i < times; i++) each(i);
          done(null, times);
        },
      },
    });
    kite.listen(port);
    await reachable(port);
    return `ws://127.0.0.1:${port}`;
  },
};

export const client: ClientPeer = {
  connect(url) {
    const kite = new Kite({ url, autoReconnect: false, logLevel: 0 });
    const connection: Connection = {
      square: (n) => kite.tell('square', [n]) as Promise<number>,
      echo: (text) => kite.tell('echo', [text]) as Promise<string>,
      async count(times, each) {
        await kite.tell('count', [times, each]);
      },
      close: () =>
        new Promise((resolve) => {
          kite.on('close', () => resolve());
          kite.disconnect();
        }),
    };
    return new Promise((resolve) => {
      kite.on('open', () => resolve(connection));
      kite.connect();
    });
  },
};

/** `kite.js` does not tell which port it got, so that one is found for it. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function reachable(port: number): Promise<void> {
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
  }
}
