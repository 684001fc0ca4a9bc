import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientPeer, Connection, ServerPeer } from './peer.js';

/**
 * The baseline: only `ws`, with one JSON object per message, `{method, args, id}` for calls and `{id, result}` for responses. The
 * server sends binary messages back as they are.
 */
interface Call {
  readonly method: 'square' | 'echo' | 'count';
  readonly args: readonly unknown[];
  readonly id: number;
}

export const server: ServerPeer = {
  listen() {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    wss.on('connection', (socket) => {
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) {
          socket.send(data);
          return;
        }
        const { method, args, id } = JSON.parse(data.toString()) as Call;
        if (method === 'count') {
          for (let i = 0; i < (args[0] as number); i++)
            socket.send(JSON.stringify({ method: 'each', args: [i] }));
        }
        const result = method === 'square' ? (args[0] as number) ** 2 : args[0];
        socket.send(JSON.stringify({ id, result }));
      });
    });
    return new Promise((resolve) => {
      wss.on('listening', () => resolve(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`));
    });
  },
};

export const client: ClientPeer = {
  connect(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const pending = new Map<number, (result: unknown) => void>();
    let each = (): void => {};
    let next = 0;
    // The answers to binary messages arrive in order.
    const echoes: ((bytes: Buffer) => void)[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        echoes.shift()?.(data);
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
    const call = (method: string, args: unknown[]): Promise<unknown> =>
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
    const connection: Connection = {
      square: (n) => call('square', [n]) as Promise<number>,
      echo: (value) => (value instanceof Uint8Array ? echoBytes(value) : call('echo', [value])),
      async count(times, onEach) {
        each = onEach;
        await call('count', [times]);
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
