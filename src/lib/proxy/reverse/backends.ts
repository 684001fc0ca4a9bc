import http, { type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../util/clock.js';
import type { BackendUrl } from './backend-url.js';
import { IDLE_BACKENDS } from '../limits/proxy-limits.js';

export interface BackendOptions {
  /** Milliseconds in which a kite has to take a connection, its TLS included. */
  readonly connectTimeout: number;
  /** Milliseconds from then to the headers of its answer. */
  readonly responseTimeout: number;
  /** Whether certificates of kites have to be good. */
  readonly verify: boolean;
  /** Certificate authorities for kites beside the system's, PEM. */
  readonly ca: string | undefined;
  readonly clock: Clock;
}

export interface BackendRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** A connection of its own, which becomes a WebSocket. */
  readonly alone: boolean;
}

/** Connections that are free for less than this are used again. Servers of Node close theirs after five seconds. */
const FREE_FOR = 4000;

/** The connections to kites. */
export class Backends {
  readonly #options: BackendOptions;
  readonly #shared = new http.Agent({ keepAlive: true, maxFreeSockets: IDLE_BACKENDS, timeout: FREE_FOR });
  readonly #sharedTls = new https.Agent({
    keepAlive: true,
    maxFreeSockets: IDLE_BACKENDS,
    timeout: FREE_FOR,
  });
  readonly #single = new http.Agent();
  readonly #singleTls = new https.Agent();

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  /** A request to the kite, of which the body is still to come. It is destroyed with an error where it takes too long. */
  open(target: BackendUrl, { method, path, headers, alone }: BackendRequest): ClientRequest {
    const { address, host, port, secure } = target;
    const { verify, ca } = this.#options;
    const common = { host: address, port, method, path, headers, setHost: false };
    const request = secure
      ? https.request({
          ...common,
          agent: alone ? this.#singleTls : this.#sharedTls,
          // An address is no name that a certificate could be chosen by.
          servername: isIP(host) === 0 ? host : '',
          rejectUnauthorized: verify,
          ...(ca !== undefined && { ca }),
        })
      : http.request({ ...common, agent: alone ? this.#single : this.#shared });
    this.#watch(request, secure);
    return request;
  }

  /** Closes the connections that are free. */
  close(): void {
    for (const agent of [this.#shared, this.#sharedTls, this.#single, this.#singleTls]) agent.destroy();
  }

  #watch(request: ClientRequest, secure: boolean): void {
    const { clock, connectTimeout, responseTimeout } = this.#options;
    const late = (): void => void request.destroy(timeout());
    let timer = clock.setTimeout(late, connectTimeout);
    const connected = (): void => {
      timer.cancel();
      timer = clock.setTimeout(late, responseTimeout);
    };
    const done = (): void => timer.cancel();
    request.once('socket', (socket) => {
      if (request.reusedSocket) connected();
      else socket.once(secure ? 'secureConnect' : 'connect', connected);
    });
    request.once('response', done);
    request.once('upgrade', done);
    request.once('close', done);
  }
}

function timeout(): Error {
  return Object.assign(new Error('It takes too long'), { code: 'ETIMEDOUT' });
}
