import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { Abortable } from '../../util/abortable.js';
import type { Channel } from '../../util/channel.js';
import type { Clock } from '../../util/clock.js';
import type { Limits } from '../../util/limits.js';
import { abortedError, DialError } from './dial-error.js';
import { dialWebSocket } from './dial-websocket.js';
import { dialXhr } from './dial-xhr.js';
import { parseBaseUrl, pathUnder } from './url.js';

/**
 * How a connection is made: SockJS over `WebSocket`, `RawWebSocket` without SockJS, `XHRPolling`, or `auto`: WebSocket,
 * and XHR polling when an HTTP answer comes in place of the WebSocket.
 */
export type Transport = 'auto' | 'WebSocket' | 'RawWebSocket' | 'XHRPolling';

/** What is trusted in a server's certificate, and what is shown to it. */
export type DialTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

export interface DialOptions {
  /** `Session`: the WebSocket of one SockJS session, at the URL as it stands. */
  readonly transport: Transport | 'Session';
  /** Milliseconds in which the session has to be open; 0 = no bound. */
  readonly handshakeTimeout: number;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Gives up when it fires. Once the connection is made, it has no effect. */
  readonly signal?: Abortable | undefined;
  readonly tls?: DialTls | undefined;
}

/**
 * Connects to a SockJS server. `url` is its base URL (`http://host:3636/kite`), of scheme http, https, ws or wss; its
 * query is kept on every request. `RawWebSocket` takes a ws or wss URL as it stands, and adds `/websocket` to an http or
 * https one.
 *
 * Resolves to a channel that has yet to be started. Rejects with a `DialError`.
 */
export function dial(url: string, options: DialOptions): Promise<Channel> {
  const base = parseBaseUrl(url);
  if (!base) return Promise.reject(new DialError('invalidUrl', url, NO_URL));
  if (options.signal?.aborted) return Promise.reject(abortedError(base, options.signal));
  switch (options.transport) {
    case 'WebSocket':
      return dialSession(base, options);
    case 'Session':
      return dialWebSocket(base, base.pathname + base.search, true, options);
    case 'RawWebSocket':
      return dialWebSocket(base, rawPath(base), false, options);
    case 'XHRPolling':
      return dialXhr(base, sessionPath(), options);
    default:
      return dialSession(base, options).catch((error: unknown) => {
        if (error instanceof DialError && error.code === 'handshake')
          return dialXhr(base, sessionPath(), options);
        throw error;
      });
  }
}

const NO_URL = 'that is no URL with http, https, ws or wss. Such as http://localhost:3636/kite';

function dialSession(base: URL, options: DialOptions): Promise<Channel> {
  return dialWebSocket(base, pathUnder(base, `${sessionPath()}/websocket`), true, options);
}

function rawPath(base: URL): string {
  const exact = base.protocol === 'ws:' || base.protocol === 'wss:';
  return exact ? base.pathname + base.search : pathUnder(base, '/websocket');
}

/** `/042/8f0c…`: three digits for balancers, and a name that nobody can guess. */
function sessionPath(): string {
  // Node makes UUIDs ahead of time, so that one costs no call into OpenSSL.
  const text = randomUUID().replaceAll('-', '');
  return `/${String(Number.parseInt(text.slice(0, 4), 16) % 1000).padStart(3, '0')}/${text.slice(4)}`;
}
