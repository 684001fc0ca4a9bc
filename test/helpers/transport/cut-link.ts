import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A link to a port of this machine that a test can cut. It ends with the test. */
export interface CutLink {
  readonly port: number;
  /** Drops all connections, without a close frame. New ones are accepted. */
  cut(): void;
  /** Drops all connections, and refuses new ones until `restore`. */
  block(): void;
  restore(): void;
}

export async function startCutLink(port: number): Promise<CutLink> {
  const sockets = new Set<Socket>();
  let isBlocked = false;
  const server = net.createServer((socket) => {
    const upstream = net.connect(port, '127.0.0.1');
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    if (isBlocked) socket.destroy();
    else socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    block() {
      isBlocked = true;
      cut();
    },
    restore() {
      isBlocked = false;
    },
  };
}
