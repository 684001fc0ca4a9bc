import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A connection through a relay. */
export interface RelayedConnection {
  readonly webSocket: boolean;
  /** How the client ended it. Undefined while it is open. */
  end: 'closed' | 'cut' | undefined;
}

export interface SlowRelay {
  readonly port: number;
  readonly connections: readonly RelayedConnection[];
  close(): Promise<void>;
}

/** How long each chunk for the client is delayed, in milliseconds: a program that does not wait for it has exited by then. */
const DELAY = 40;

/**
 * Starts a relay in front of `port`. A connection is cut if the client ends it before it has received an answer to what it has
 * sent last, such as to a close frame. `passes`: whether a chunk is passed on to the client.
 */
export async function startSlowRelay(
  port: number,
  passes: (chunk: Buffer, connection: RelayedConnection) => boolean = () => true,
): Promise<SlowRelay> {
  const connections: RelayedConnection[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    relay(client, upstream, connections, passes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function relay(
  client: Socket,
  upstream: Socket,
  connections: RelayedConnection[],
  passes: (chunk: Buffer, connection: RelayedConnection) => boolean,
): void {
  let answered = true;
  let connection: { webSocket: boolean; end: RelayedConnection['end'] } | undefined;
  client.on('data', (chunk: Buffer) => {
    if (!connection) {
      connection = { webSocket: /^upgrade: websocket\r$/im.test(chunk.toString('latin1')), end: undefined };
      connections.push(connection);
    }
    answered = false;
    upstream.write(chunk);
  });
  const ended = (end: RelayedConnection['end']): void => {
    if (connection) connection.end ??= end;
  };
  client.on('end', () => {
    ended(answered ? 'closed' : 'cut');
    upstream.end();
  });
  client.on('error', () => {
    ended('cut');
    upstream.destroy();
  });
  client.on('close', () => ended('cut'));
  upstream.on('error', () => client.destroy());
  const later = (work: () => void): void => {
    const timer = setTimeout(() => {
      if (!client.destroyed) work();
    }, DELAY);
    client.once('close', () => clearTimeout(timer));
  };
  upstream.on('data', (chunk: Buffer) => {
    if (!connection || !passes(chunk, connection)) return;
    later(() => {
      answered = true;
      client.write(chunk);
    });
  });
  upstream.on('end', () => later(() => client.end()));
}
