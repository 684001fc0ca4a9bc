import type { AddressInfo } from 'node:net';
import { newWebSocketRpcSession, RpcTarget } from 'capnweb';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';

// Cap'n Web looks for this constructor, which Node 20 does not have.
globalThis.WebSocket ??= WebSocket as never;

/** Cap'n Web over the sockets of `ws`. */
class Bench extends RpcTarget {
  square(n: number): number {
    return n * n;
  }

  echo(value: unknown): unknown {
    return value;
  }

  async count(times: number, each: (i: number) => Promise<void>): Promise<number> {
    const calls: Promise<void>[] = [];
    for (let i = 0; i < times; i++) calls.push(each(i));
    await Promise.all(calls);
    return times;
  }
}

export const server: ServerPeer = {
  listen() {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    wss.on('connection', (socket) => newWebSocketRpcSession(socket as never, new Bench()));
    return new Promise((resolve) => {
      wss.on('listening', () => resolve(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`));
    });
  },
};

interface Stub extends Disposable {
  square(n: number): Promise<number>;
  echo(value: unknown): Promise<unknown>;
  count(times: number, each: () => void): Promise<number>;
}

export const client: ClientPeer = {
  connect(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const stub = newWebSocketRpcSession(socket as never) as unknown as Stub;
    const connection: Connection = {
      square: (n) => stub.square(n),
      echo: (value) => stub.echo(value),
      async count(times, each) {
        await stub.count(times, each);
      },
      close: () =>
        new Promise((resolve) => {
          socket.on('close', () => resolve());
          stub[Symbol.dispose]();
          socket.close();
        }),
    };
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(connection));
      socket.on('error', reject);
    });
  },
};
