import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { ConfigurationCode } from '../../errors/error-codes.js';
import { NO_ADDRESS_HINT, PORT_DENIED_HINT, PORT_IN_USE_HINT } from '../../errors/listen-hints.js';
import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import type { Limits } from '../limits/kite-limits.js';
import { DescriptorReserve } from './descriptor-reserve.js';
import {
  guardListener,
  guardListeners,
  type ListenerFailed,
  logListenerFailures,
} from '../../util/guard-listeners.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';
import { isLoopbackAddress } from '../../util/loopback.js';

/** The certificate of a kite that serves TLS. */
export interface TlsOptions {
  /** Certificate chain in PEM. */
  readonly cert: string;
  /** Private key of the certificate in PEM. */
  readonly key: string;
}

export interface HttpReceiver {
  request(request: http.IncomingMessage, response: http.ServerResponse): void;
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface HttpListenerOptions {
  readonly receiver: HttpReceiver;
  readonly limits: Limits;
  readonly tls: TlsOptions | undefined;
  readonly logger: Logger;
}

/** The HTTP server of a kite, with time limits for requests. */
export class HttpListener {
  readonly #server: http.Server | https.Server;
  readonly #descriptors: DescriptorReserve;
  readonly #failed: ListenerFailed;
  #loopback = false;

  constructor({ receiver, limits, tls, logger }: HttpListenerOptions) {
    const options = {
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      // How often Node checks the two limits above.
      connectionsCheckingInterval: Math.max(100, Math.min(limits.headersTimeout / 2, 5000)),
      noDelay: true,
    };
    this.#server = tls ? https.createServer({ ...options, ...tls }) : http.createServer(options);
    this.#descriptors = new DescriptorReserve(logger);
    const failed = logListenerFailures(logger);
    this.#failed = failed;
    const onRequest = guardListener(
      (request: http.IncomingMessage, response: http.ServerResponse) => receiver.request(request, response),
      (error, _request, response) => {
        response.destroy();
        failed(error);
      },
    );
    const onUpgrade = guardListener(
      (request: http.IncomingMessage, socket: Duplex, head: Buffer) =>
        receiver.upgrade(request, socket, head),
      (error, _request, socket) => {
        socket.destroy();
        failed(error);
      },
    );
    const onClientError = guardListener(rejectMalformedRequest, (error, _cause, socket) => {
      socket.destroy();
      failed(error);
    });
    const onConnection = guardListener(
      (socket: Socket) => {
        if (!this.#descriptors.admits(socket)) socket.destroy();
      },
      (error, socket) => {
        socket.destroy();
        failed(error);
      },
    );
    // Before the listener of Node, which would read from the connection.
    this.#server.prependListener('connection', onConnection);
    this.#server.on('request', onRequest);
    this.#server.on('upgrade', onUpgrade);
    // Without a listener, Node keeps sockets whose peer sends nothing after a malformed request.
    this.#server.on('clientError', onClientError);
  }

  /** Replaces the certificate for new connections. If it throws, the previous certificate stays in use. */
  renewTls(tls: TlsOptions): void {
    if (!(this.#server instanceof https.Server)) throw new Error('The kite already listens without TLS');
    // Creates the context first: if the options are invalid, `setSecureContext` discards the previous ones.
    createSecureContext({ ...tls });
    this.#server.setSecureContext({ ...tls });
  }

  /**
   * Resolves with the address when the server listens; port 0 selects a free port. Rejects with a ListenError, or a KiteError
   * with the code of the system.
   */
  listen(port: number, ip: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const guarded = guardListeners(reject);
      const onError = guarded((error: NodeJS.ErrnoException) => reject(listenError(error, port, ip)));
      this.#server.once('error', onError);
      const onListening = guarded(() => {
        this.#server.off('error', onError);
        const onServerError = guardListeners(this.#failed)((error: Error) =>
          this.#descriptors.serverFailed(error),
        );
        this.#server.on('error', onServerError);
        this.#loopback = listensAtLoopback(this.#server);
        resolve(this.#server.address() as AddressInfo);
      });
      // A worker of node:cluster must not share its port: callers have to reach the kite that has registered a URL.
      this.#server.listen({ port, host: ip, exclusive: true }, onListening);
    });
  }

  /** Whether the server listens on loopback only. False until it listens. */
  get loopback(): boolean {
    return this.#loopback;
  }

  /** Stops accepting connections. */
  stopAccepting(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Closes the remaining connections. */
  closeAll(): void {
    this.#server.closeAllConnections();
  }
}

/** Whether a server listens on loopback only. */
export function listensAtLoopback(server: http.Server | https.Server): boolean {
  const address = server.address();
  return typeof address === 'object' && address !== null && isLoopbackAddress(address.address);
}

function rejectMalformedRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    (socket as Socket).destroy(),
  );
}

/** A port that cannot be opened, for a reason that the user can change. */
export class ListenError extends ConfigurationError {
  /** What to do, in the imperative. */
  readonly hint: string;

  constructor(code: ConfigurationCode, message: string, hint: string, cause: Error) {
    super(code, message, { cause });
    this.hint = hint;
  }
}

const LISTEN_FAILURES: Readonly<
  Record<string, readonly [code: ConfigurationCode, reason: string, hint: string]>
> = {
  EADDRINUSE: ['portInUse', 'the port is in use', PORT_IN_USE_HINT],
  EACCES: ['portDenied', 'permission denied', PORT_DENIED_HINT],
  EADDRNOTAVAIL: ['noAddress', 'this machine has no such address', NO_ADDRESS_HINT],
};

function listenError(error: NodeJS.ErrnoException, port: number, ip: string): KiteError {
  const [code, reason, hint] = LISTEN_FAILURES[error.code ?? ''] ?? [];
  const message = `Cannot listen on ${ip}:${port}: ${reason ?? messageOf(error)}`;
  if (code === undefined || hint === undefined)
    return new KiteError('genericError', message, { code: error.code ?? '', cause: error });
  return new ListenError(code, message, hint, error);
}
