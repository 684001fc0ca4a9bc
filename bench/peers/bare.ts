import type { WebSocket } from 'ws';
import { FileSource } from './file-source.js';
import type { ClientPeer, Connection, ServerPeer } from './peer.js';
import { closeSocket, newServer, newSocket, whenOpen } from './sockets.js';

/**
 * The baseline: only `ws`, with one JSON object per message, `{method, args, id}` for calls and `{id, result}` for responses. The parts
 * of a file are binary messages. The server sends binary messages of the client back as they are.
 */
interface Call {
  readonly method: 'square' | 'echo' | 'count' | 'download' | 'produced' | 'credit';
  readonly args: readonly unknown[];
  readonly id: number;
}

/** The window of a download: that of kitectl. */
const WINDOW = 1024 * 1024;

const file = new FileSource();

export const server: ServerPeer = {
  listen() {
    return newServer((socket) => {
      const credit = new Credit();
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) {
          socket.send(data);
          return;
        }
        const { method, args, id } = JSON.parse(data.toString()) as Call;
        if (method === 'credit') {
          credit.grant(args[0] as number);
          return;
        }
        const answer = (result: unknown): void => socket.send(JSON.stringify({ id, result }));
        if (method === 'download') {
          void send(socket, credit).then(answer);
          return;
        }
        if (method === 'count') {
          for (let i = 0; i < (args[0] as number); i++)
            socket.send(JSON.stringify({ method: 'each', args: [i] }));
        }
        if (method === 'square') answer((args[0] as number) ** 2);
        else answer(method === 'produced' ? file.produced : args[0]);
      });
    });
  },
};

/** Sends the file, as far as the receiver has given credit. */
async function send(socket: WebSocket, credit: Credit): Promise<null> {
  for await (const part of file.parts()) {
    await credit.take(part.length);
    socket.send(part);
  }
  return null;
}

class Credit {
  #left = WINDOW;
  #granted: (() => void) | undefined;

  async take(bytes: number): Promise<void> {
    while (this.#left <= 0) await new Promise<void>((resolve) => (this.#granted = resolve));
    this.#left -= bytes;
  }

  grant(bytes: number): void {
    this.#left += bytes;
    this.#granted?.();
  }
}

export const client: ClientPeer = {
  connect(url) {
    const socket = newSocket(url);
    const pending = new Map<number, (result: unknown) => void>();
    let each = (): void => {};
    let part: (data: Buffer) => void = () => undefined;
    let next = 0;
    // The answers to binary messages arrive in order.
    const echoes: ((bytes: Buffer) => void)[] = [];
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        (echoes.shift() ?? part)(data);
        return;
      }
      const message = JSON.parse(data.toString()) as { method?: string; id: number; result: unknown };
      if (message.method === 'each') {
        each();
        return;
      }
      pending.get(message.id)?.(message.result);
      pending.delete(message.id);
    });
    const call = (method: Call['method'], args: unknown[]): Promise<unknown> =>
      new Promise((resolve) => {
        const id = next++;
        pending.set(id, resolve);
        socket.send(JSON.stringify({ method, args, id }));
      });
    const echoBytes = (bytes: Uint8Array): Promise<Uint8Array> =>
      new Promise((resolve) => {
        echoes.push(resolve);
        socket.send(bytes);
      });
    const count = async (times: number, onEach: () => void): Promise<void> => {
      each = onEach;
      await call('count', [times]);
    };
    const connection: Connection = {
      square: (n) => call('square', [n]) as Promise<number>,
      hasBytes: true,
      echo: (value) => (value instanceof Uint8Array ? echoBytes(value) : call('echo', [value])),
      count,
      streams: {
        items: count,
        async download(take) {
          let taken = 0;
          let last = Promise.resolve();
          part = (data) => {
            last = last.then(async () => {
              await take(data);
              taken += data.length;
              if (taken * 4 < WINDOW) return;
              socket.send(JSON.stringify({ method: 'credit', args: [taken] }));
              taken = 0;
            });
          };
          await call('download', []);
          await last;
        },
        produced: () => call('produced', []) as Promise<number>,
      },
      close: () => closeSocket(socket),
    };
    return whenOpen(socket, connection);
  },
};
