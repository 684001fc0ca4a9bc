import { createServer } from 'node:net';
import kitejs from 'kite.js';
import type { ClientPeer, Connection, ServerPeer } from './peer.js';

/** `kite.js` 1.0.13 from npm at both ends, over raw WebSocket, its default. */
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
        echo: (value: unknown, done: Callback) => done(null, value),
        count(times: number, each: (i: number) => void, done: Callback) {
          for (let i = 0; i < times; i++) each(i);
          done(null, times);
        },
      },
    });
    kite.listen(port);
    await waitForServer(port);
    return `ws://127.0.0.1:${port}`;
  },
};

export const client: ClientPeer = {
  connect(url) {
    const kite = new Kite({ url, autoReconnect: false, logLevel: 0 });
    const connection: Connection = {
      square: (n) => kite.tell('square', [n]) as Promise<number>,
      echo: (value) => kite.tell('echo', [value]),
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

/** Returns a free port, because `kite.js` does not report the port on which it listens. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Waits until a server listens at the port. */
async function waitForServer(port: number): Promise<void> {
  for (;;) {
    const listening = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (listening) return;
  }
}
