import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { KiteError } from '../../protocol/errors.js';
import type { Limits } from '../limits/kite-limits.js';
import { isLoopbackAddress } from '../../util/loopback.js';

export interface TlsOptions {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
}

export interface HttpReceiver {
  request(request: http.IncomingMessage, response: http.ServerResponse): void;
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** The port of one kite, with the limits on what a connection may take before it has said anything useful. */
export class HttpListener {
  readonly #server: http.Server | https.Server;
  #loopback = false;

  constructor(receiver: HttpReceiver, limits: Limits, tls: TlsOptions | undefined) {
    const options = {
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      // How often the two bounds above are looked at.
      connectionsCheckingInterval: Math.max(100, Math.min(limits.headersTimeout / 2, 5000)),
      noDelay: true,
    };
    this.#server = tls ? https.createServer({ ...options, ...tls }) : http.createServer(options);
    this.#server.on('request', (request, response) => receiver.request(request, response));
    this.#server.on('upgrade', (request, socket, head) => receiver.upgrade(request, socket, head));
    // Without a listener Node answers broken requests too, but leaves sockets whose peer sends nothing more.
    this.#server.on('clientError', refuseBrokenRequest);
  }

  /** Shows another certificate from the next connection on. Throws where it cannot; the old one stays in use then. */
  renewTls(tls: TlsOptions): void {
    if (!(this.#server instanceof https.Server)) throw new Error('It listens without TLS already');
    // Makes the context first: of options that do not fit, the server keeps none.
    createSecureContext({ ...tls });
    this.#server.setSecureContext({ ...tls });
  }

  /** Resolves with the address once it accepts. Port 0 takes a free one. Rejects with what to do about it. */
  listen(port: number, ip: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, port, ip));
      this.#server.once('error', onError);
      this.#server.listen(port, ip, () => {
        this.#server.off('error', onError);
        this.#loopback = listensAtLoopback(this.#server);
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Whether only this machine can connect. False until it listens. */
  get loopback(): boolean {
    return this.#loopback;
  }

  /** Accepts nothing more. */
  stopAccepting(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Ends what is still open. */
  closeAll(): void {
    this.#server.closeAllConnections();
  }
}

/** Whether only this machine can connect to a server. */
export function listensAtLoopback(server: http.Server | https.Server): boolean {
  const address = server.address();
  return typeof address === 'object' && address !== null && isLoopbackAddress(address.address);
}

function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    (socket as Socket).destroy(),
  );
}

function listenError(error: NodeJS.ErrnoException, port: number, ip: string): KiteError {
  const where = `${ip}:${port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE: 'the port is in use; choose another with the port option or KITE_PORT, 0 for any free one',
    EACCES: 'this user may not open it; choose a port above 1023',
    EADDRNOTAVAIL: 'this machine has no such address; set the ip option or KITE_IP',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new KiteError('genericError', `Cannot listen on ${where}: ${reason}`, {
    code: error.code ?? '',
    cause: error,
  });
}
