import type http from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { guardListeners, type ListenerGuard } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';
import { formatAddress } from '../channel/remote-address.js';
import { authorizedHeaders } from '../handshake/url-credentials.js';
import type { NodeDialOptions, RequestHeaders } from '../handshake/node-dial-options.js';
import { Cookies } from './cookies.js';
import type { PostRequest, PostResult, Post } from './post.js';
import { redirectError } from '../handshake/redirect-error.js';
import {
  proxyResponseError,
  requestError,
  type ServerRoute,
  routeTo,
} from '../forward-proxy/request-route.js';
import { hostAndPort } from '../handshake/session-url.js';

// Just less than the five seconds after which servers commonly close an idle connection. A request on a connection that is
// being closed would be lost.
const IDLE_CONNECTION = 4000;

/** Sends the requests of an XHR session over two connections: one to poll, one to send. */
export class NodePost implements Post {
  readonly #base: URL;
  readonly #route: ServerRoute;
  readonly #agents: readonly http.Agent[];
  readonly #options: http.RequestOptions;
  readonly #limit: number;
  readonly #headers: RequestHeaders;
  readonly #cookies: Cookies;
  /** The address of the server that responded first. */
  #address: string | undefined;

  /** `limit`: maximum size of a response, in bytes. `resolve`: resolves the host name. */
  constructor(
    base: URL,
    limit: number,
    { tls, headers, findProxy }: Pick<NodeDialOptions, 'tls' | 'headers' | 'findProxy'>,
    resolve: LookupFunction = systemLookup,
  ) {
    const route = routeTo(base, findProxy);
    this.#route = route;
    this.#agents = [
      route.newAgent({ keepAlive: true, maxSockets: 1, ...tls }),
      route.newAgent({ keepAlive: true, maxSockets: 1, timeout: IDLE_CONNECTION, ...tls }),
    ];
    this.#base = base;
    this.#limit = limit;
    const all = Object.entries(authorizedHeaders(base, headers) ?? {});
    const isCookie = ([name]: readonly [string, string]): boolean => name.toLowerCase() === 'cookie';
    this.#headers = Object.fromEntries(all.filter((header) => !isCookie(header)));
    this.#cookies = new Cookies(all.filter(isCookie).map(([, value]) => value));
    this.#options = {
      method: 'POST',
      lookup: (host, options, done) => this.#lookup(resolve, host, options, done),
    };
  }

  post(path: string, body: string, sending: boolean, done: (result: PostResult) => void): PostRequest {
    const bytes = Buffer.from(body);
    const cookie = this.#cookies.header;
    const route = this.#route.options(path);
    const request = this.#route.request({
      ...this.#options,
      ...route,
      agent: this.#agents[sending ? 1 : 0],
      headers: {
        ...this.#headers,
        ...route.headers,
        'content-type': 'text/plain',
        'content-length': bytes.length,
        ...(cookie !== undefined && { cookie }),
      },
    });
    let finished = false;
    const finish = (result: PostResult): void => {
      if (finished) return;
      finished = true;
      done(result);
    };
    const guarded = guardListeners((error) => {
      request.destroy();
      finish(new Error(messageOf(error), { cause: error }));
    });
    const onResponse = guarded((response: http.IncomingMessage) => {
      this.#address ??= response.socket.remoteAddress;
      const { statusCode: status = 0, headers } = response;
      this.#cookies.receive(headers['set-cookie']);
      const error =
        proxyResponseError(this.#base, this.#route, response) ??
        redirectError(this.#base, path, { status, location: headers.location });
      if (error) {
        response.destroy();
        finish(error);
        return;
      }
      const server = this.#route.proxy ? hostAndPort(this.#base) : formatAddress(response.socket);
      readResponse(response, { limit: this.#limit, server }, guarded, finish);
    });
    const onClose = guarded(() =>
      finish(new Error('The connection was closed before the response was complete')),
    );
    request.on('response', onResponse);
    const onError = guarded((error: Error) => finish(requestError(this.#base, this.#route, error)));
    request.on('error', onError);
    request.on('close', onClose);
    request.end(bytes);
    return {
      abort() {
        finished = true;
        request.destroy();
      },
    };
  }

  /** Resolves the host name until a server has responded, because a session belongs to one server. */
  #lookup(resolve: LookupFunction, ...[host, options, done]: Parameters<LookupFunction>): void {
    const address = this.#address;
    if (address === undefined) resolve(host, options, done);
    else if (options.all) done(null, [{ address, family: isIP(address) }]);
    else done(null, address, isIP(address));
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

// Loaded only to resolve names, because loading it takes a millisecond.
const systemLookup: LookupFunction = (host, options, done) => {
  import('node:dns')
    .then(({ lookup }) => lookup(host, options, done))
    // oxlint-disable-next-line promise/no-callback-in-promise -- the caller expects a callback
    .catch((error: NodeJS.ErrnoException) => done(error, ''));
};

function readResponse(
  response: http.IncomingMessage,
  { limit, server: remoteAddress }: { readonly limit: number; readonly server: string },
  guarded: ListenerGuard,
  done: (result: PostResult) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = guarded((chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
    } else {
      response.destroy();
      done('tooLarge');
    }
  });
  const onEnd = guarded(() => {
    const text = Buffer.concat(chunks, length).toString();
    done({ status: response.statusCode ?? 0, text, remoteAddress });
  });
  response.on('data', onData);
  response.on('error', guarded(done));
  response.on('end', onEnd);
}
