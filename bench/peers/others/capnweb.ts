/** Cap'n Web over the sockets of `ws`. */
import { newWebSocketRpcSession, RpcTarget } from 'capnweb';
import { WebSocket } from 'ws';
import { FileSource } from '../file-source.js';
import type { ClientPeer, Connection, ServerPeer } from '../peer.js';
import { closeSocket, newServer, newSocket, whenOpen } from '../sockets.js';

// Cap'n Web looks for this constructor, which Node 20 does not have.
globalThis.WebSocket ??= WebSocket as never;

const file = new FileSource();

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

  items(count: number): ReadableStream<number> {
    return readable(numbers(count));
  }

  download(): ReadableStream<Uint8Array> {
    return readable(file.parts());
  }

  produced(): number {
    return file.produced;
  }
}

function readable<Item>(items: AsyncGenerator<Item, void>): ReadableStream<Item> {
  return new ReadableStream<Item>({
    async pull(controller) {
      const { done, value } = await items.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function* numbers(count: number): AsyncGenerator<number, void> {
  for (let i = 0; i < count; i++) yield i;
}

export const server: ServerPeer = {
  listen: () => newServer((socket) => void newWebSocketRpcSession(socket as never, new Bench())),
};

interface Stub extends Disposable {
  square(n: number): Promise<number>;
  echo(value: unknown): Promise<unknown>;
  count(times: number, each: () => void): Promise<number>;
  items(count: number): Promise<AsyncIterable<number>>;
  download(): Promise<AsyncIterable<Uint8Array>>;
  produced(): Promise<number>;
}

export const client: ClientPeer = {
  connect(url) {
    const socket = newSocket(url);
    const stub = newWebSocketRpcSession(socket as never) as unknown as Stub;
    const connection: Connection = {
      square: (n) => stub.square(n),
      echo: (value) => stub.echo(value),
      async count(times, each) {
        await stub.count(times, each);
      },
      streams: {
        async items(count, each) {
          for await (const _ of await stub.items(count)) each();
        },
        async download(each) {
          for await (const part of await stub.download()) await each(part);
        },
        produced: () => stub.produced(),
      },
      close: () => closeSocket(socket, () => stub[Symbol.dispose]()),
    };
    return whenOpen(socket, connection);
  },
};
