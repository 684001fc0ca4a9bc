import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { isDialError, Kite, type Transport } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { makeAuthority } from '../../helpers/transport/authority.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';

/** What a proxy does with a connection after its first data. */
type Behavior = (socket: Socket) => void;

const send =
  (text: string): Behavior =>
  (socket) =>
    void socket.write(text, 'latin1');
const sendAndEnd =
  (text: string): Behavior =>
  (socket) =>
    void socket.end(text, 'latin1');

/** Sends a beginning, and then the same text without end. */
function flood(head: string, repeated: string): Behavior {
  return (socket) => {
    socket.write(head);
    const chunk = Buffer.from(repeated.repeat(Math.ceil(16_384 / repeated.length)));
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  };
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

const HTTP_BEHAVIORS: Readonly<Record<string, Behavior>> = {
  'another protocol': send('SSH-2.0-OpenSSH_9.2\r\n'),
  'binary data': send('\x00\xff\x16\x03\x01'),
  'empty lines': send('\r\n\r\n\r\n\r\n'),
  'a header without a colon': send('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'),
  'a status that is not a number': send('HTTP/1.1 abc OK\r\n\r\n'),
  'a status of four digits': send('HTTP/1.1 2000 OK\r\n\r\n'),
  'headers without end': flood('HTTP/1.1 200 OK\r\n', 'X-More: more\r\n'),
  'one header without end': flood('HTTP/1.1 200 OK\r\nX: ', 'x'),
  'a line without end': flood('', 'x'),
  'half of a header, and no more': send('HTTP/1.1 200 OK\r\nX: '),
  'half of a header, and the end': sendAndEnd('HTTP/1.1 200 OK\r\nX: '),
  'the end': (socket) => void socket.end(),
  'a reset': (socket) => void socket.resetAndDestroy(),
  'a tunnel that ends': sendAndEnd(ESTABLISHED),
  'a tunnel that is reset': (socket) => socket.write(ESTABLISHED, () => socket.resetAndDestroy()),
  'a tunnel with data': send(`${ESTABLISHED}what the server did not say\r\n\r\n`),
  'a tunnel with data without end': flood(ESTABLISHED, 'x'),
  'a tunnel that is silent': send(ESTABLISHED),
  'a switch of protocols': send(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  ),
  'no content': send('HTTP/1.1 204 No Content\r\n\r\n'),
  'a redirect': send('HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n'),
};

const SOCKS_BEHAVIORS: Readonly<Record<string, Behavior>> = {
  'another protocol': send('SSH-2.0-OpenSSH_9.2\r\n'),
  'no method': send('\x05\xff'),
  'half of a method': send('\x05'),
  'an unknown method': send('\x05\x7f'),
  'data without end': flood('', 'x'),
  'a tunnel at once, and the end': sendAndEnd('\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00'),
  'a reply without end': flood('\x05\x00\x05\x00\x00\x03\xff', 'x'),
  'the end': (socket) => void socket.end(),
  'a reset': (socket) => void socket.resetAndDestroy(),
};

interface RawProxy {
  readonly port: number;
  /** The most bytes that a client has read on one connection. */
  mostRead(): number;
  idle(): Promise<void>;
}

async function startRawProxy(behavior: Behavior): Promise<RawProxy> {
  const sockets = new Set<Socket>();
  let most = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      most = Math.max(most, socket.bytesWritten - socket.writableLength);
      sockets.delete(socket);
    });
    socket.once('data', () => {
      behavior(socket);
      socket.resume();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    mostRead: () => most,
    async idle() {
      for (const socket of sockets) await new Promise((resolve) => socket.once('close', resolve));
    },
  };
}

/** Dials through a proxy. Returns the error. */
async function dialThrough(
  proxy: string,
  scheme: string,
  { transport, handshakeTimeout }: { transport: Transport; handshakeTimeout: number },
): Promise<unknown> {
  const env = { ALL_PROXY: proxy };
  const kite = new Kite('caller', '1.0.0', { env, logger: silentLogger, transport, handshakeTimeout });
  try {
    await kite.newClient(`${scheme}://kite.test/kite`).dial();
    return undefined;
  } catch (error) {
    return (error as Error).cause;
  } finally {
    await kite.close({ drainTimeout: 0 });
  }
}

/** What a client waits for until its timeout. All else is an answer, and an error at once. */
const WAITS: ReadonlySet<string> = new Set([
  'http empty lines',
  'http half of a header, and no more',
  'http a tunnel that is silent',
  'http a tunnel with data',
  'http no content',
  'socks5h half of a method',
  'socks4a half of a method',
  'socks4a no method',
  'socks4a an unknown method',
]);

// What the sockets of both ends hold.
const BUFFERED = 16 * 1024 * 1024;

it.each([
  ['http', HTTP_BEHAVIORS],
  ['socks5h', SOCKS_BEHAVIORS],
  ['socks4a', SOCKS_BEHAVIORS],
] as const)(
  'a proxy with the scheme %s that answers with anything is an error, and its connections are closed',
  async (proxyScheme, behaviors) => {
    let cases = 0;
    for (const [name, behavior] of Object.entries(behaviors)) {
      const proxy = await startRawProxy(behavior);
      for (const transport of ALL_TRANSPORTS) {
        for (const scheme of ['http', 'https']) {
          const waits = WAITS.has(`${proxyScheme} ${name}`);
          const error = await dialThrough(`${proxyScheme}://127.0.0.1:${proxy.port}`, scheme, {
            transport,
            handshakeTimeout: waits ? 200 : 20_000,
          });
          if (!isDialError(error)) throw new Error(`${name}, ${transport}, ${scheme}`, { cause: error });
          const { code, message } = error;
          expect(message).toContain('the proxy');
          expect(message).not.toMatch(/NaN|undefined/);
          if (!waits) expect({ name, transport, scheme, code }).not.toMatchObject({ code: 'timeout' });
          cases++;
        }
      }
      await proxy.idle();
      // A proxy forwards XHR polling to an http URL, and the data is a response then, which has a limit of its own.
      if (!name.startsWith('a tunnel')) expect(proxy.mostRead(), name).toBeLessThan(BUFFERED);
    }
    console.log(`hostile ${proxyScheme} proxies: ${cases} cases`);
  },
);

it('a proxy that speaks TLS is asked for the certificate of its own name, never for that of the server', async () => {
  const authority = await makeAuthority('an authority that is not trusted');
  const names: string[] = [];
  const server = tls.createServer({
    ...(await authority.server('kite.test')),
    SNICallback(name, done) {
      names.push(name);
      done(null);
    },
  });
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
  });
  const proxy = `https://localhost:${(server.address() as AddressInfo).port}`;
  for (const transport of ALL_TRANSPORTS) {
    for (const scheme of ['http', 'https']) {
      const error = await dialThrough(proxy, scheme, { transport, handshakeTimeout: 20_000 });
      if (!isDialError(error)) throw error;
      expect(error.message).toContain('the certificate of the server is not trusted');
    }
  }
  expect(names.length).toBeGreaterThanOrEqual(8);
  expect(new Set(names)).toEqual(new Set(['localhost']));
});
