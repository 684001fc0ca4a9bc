import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { listenInTest } from './listen-in-test.js';
import type { Identified } from './authority.js';

export interface TlsFrontOptions extends Identified {
  /** Port of the server at 127.0.0.1 that receives what the front decrypts. */
  readonly port: number;
  /** The authority whose client certificates are required. Default: none is requested. */
  readonly clientCa?: string | undefined;
}

/** A server that terminates TLS in front of another one, such as nginx with `proxy_pass` and `ssl_verify_client`. */
export interface TlsFront {
  readonly port: number;
  /** The heads of all requests at the start of a connection, in lower case. */
  readonly heads: readonly string[];
  /** The names in the certificates of the clients. */
  readonly clients: readonly string[];
}

/** Starts a front, which ends with the test. */
export async function startTlsFront({ port, cert, key, clientCa }: TlsFrontOptions): Promise<TlsFront> {
  const heads: string[] = [];
  const clients: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const mutual = clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: clientCa };
  const server = tls.createServer({ cert, key, ...mutual }, (client) => {
    const backend = net.connect(port, '127.0.0.1');
    for (const socket of [client, backend]) track(socket);
    const { CN } = client.getPeerCertificate()?.subject ?? {};
    if (CN !== undefined) clients.push(String(CN));
    client.once('data', (chunk: Buffer) => {
      heads.push(chunk.toString('latin1').split('\r\n\r\n')[0]?.toLowerCase() ?? '');
    });
    client.pipe(backend).pipe(client);
    backend.on('close', () => client.destroy());
    client.on('close', () => backend.destroy());
  });
  server.on('connection', track);
  return { port: await listenInTest(server, sockets), heads, clients };
}
