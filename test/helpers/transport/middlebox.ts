import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { Inbox } from './sockjs.js';

/** A proxy between a client and a server on 127.0.0.1 that does not pass upgrades on. */
export interface Middlebox {
  /** The URL of the server behind it, with the path `/kite`. */
  readonly url: string;
  /** Receives the first line of each request that opens a connection. */
  readonly requests: Inbox;
  close(): Promise<void>;
}

/** Starts a middlebox before `port`. It passes plain requests on, and handles each upgrade with `handleUpgrade`. */
export async function startMiddlebox(
  port: number,
  handleUpgrade: (socket: Socket) => void,
): Promise<Middlebox> {
  const requests = new Inbox();
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (head: Buffer) => {
      const text = head.toString('latin1');
      requests.message(text.slice(0, text.indexOf('\r\n')));
      if (/^upgrade: websocket\r$/im.test(text)) {
        handleUpgrade(socket);
        return;
      }
      const upstream = net.connect(port, '127.0.0.1');
      sockets.add(upstream);
      upstream.on('error', () => {});
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
