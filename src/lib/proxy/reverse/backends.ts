import http, { type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Clock } from '../../util/clock.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';
import { outgoing } from '../../transport/handshake/outgoing.js';
import type { BackendUrl } from './backend-url.js';
import { IDLE_BACKENDS } from '../limits/proxy-limits.js';

export interface BackendOptions {
  /** Timeout of a connection attempt in milliseconds, including the TLS handshake. */
  readonly connectTimeout: number;
  /** Timeout in milliseconds from the connection to the headers of the response. */
  readonly responseTimeout: number;
  /** Whether to verify the certificates of kites. */
  readonly verify: boolean;
  /** Additional certificate authorities for kites, as PEM. */
  readonly ca: string | undefined;
  readonly clock: Clock;
}

export interface BackendRequest {
  readonly method: string;
  /** Path and query of the request. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** Whether to use a new connection, which becomes a WebSocket. */
  readonly dedicated: boolean;
}

/** Milliseconds after which an idle connection is closed. Node servers close theirs after five seconds. */
const IDLE_TIMEOUT = 4000;

/** Opens requests to kites, over pooled or dedicated connections. */
export class Backends {
  readonly #options: BackendOptions;
  readonly #shared = new http.Agent({
    keepAlive: true,
    maxFreeSockets: IDLE_BACKENDS,
    timeout: IDLE_TIMEOUT,
  });
  readonly #sharedTls: https.Agent;
  readonly #dedicated = new http.Agent();
  readonly #dedicatedTls: https.Agent;

  constructor(options: BackendOptions) {
    this.#options = options;
    const { ca } = options;
    const { tls } = outgoing({ ca });
    this.#sharedTls = new https.Agent({
      keepAlive: true,
      maxFreeSockets: IDLE_BACKENDS,
      timeout: IDLE_TIMEOUT,
      ...tls,
    });
    this.#dedicatedTls = new https.Agent({ ...tls });
  }

  /** Starts a request to the kite, without its body. The request is destroyed with an error at a timeout. */
  open(target: BackendUrl, { method, path, headers, dedicated }: BackendRequest): ClientRequest {
    const { address, host, port, secure } = target;
    const { verify } = this.#options;
    const common = { host: address, port, method, path, headers, setHost: false };
    const request = secure
      ? https.request({
          ...common,
          agent: dedicated ? this.#dedicatedTls : this.#sharedTls,
          // SNI does not allow addresses.
          servername: isIP(host) === 0 ? host : '',
          rejectUnauthorized: verify,
        })
      : http.request({ ...common, agent: dedicated ? this.#dedicated : this.#shared });
    this.#applyTimeouts(request, secure);
    return request;
  }

  /** Closes all connections. */
  close(): void {
    for (const agent of [this.#shared, this.#sharedTls, this.#dedicated, this.#dedicatedTls]) agent.destroy();
  }

  #applyTimeouts(request: ClientRequest, secure: boolean): void {
    const { clock, connectTimeout, responseTimeout } = this.#options;
    const onTimeout = (): void => void request.destroy(timeoutError());
    let timer = clock.setTimeout(onTimeout, connectTimeout);
    const guarded = guardListeners((error) => request.destroy(new Error(messageOf(error), { cause: error })));
    const connected = guarded(() => {
      timer.cancel();
      timer = clock.setTimeout(onTimeout, responseTimeout);
    });
    const done = guarded(() => timer.cancel());
    const onSocket = guarded((socket: Socket) => {
      if (request.reusedSocket) connected();
      else socket.once(secure ? 'secureConnect' : 'connect', connected);
    });
    request.once('socket', onSocket);
    request.once('response', done);
    request.once('upgrade', done);
    request.once('close', done);
  }
}

function timeoutError(): Error {
  return Object.assign(new Error('The kite did not respond in time'), { code: 'ETIMEDOUT' });
}
