import type { Channel } from '../channel/channel.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { abortedError, DialError } from '../handshake/dial-error.js';
import { withExtensions } from '../sockjs/hop-extensions.js';
import { parseBaseUrl, requestPath } from '../handshake/session-url.js';

/** How a platform, Node or a page, opens WebSockets. */
export interface WebSocketPlatform<Options extends DialOptions> {
  /** Opens a WebSocket at `path`, which includes the query. `framed`: whether it carries SockJS frames. */
  webSocket(base: URL, path: string, framed: boolean, options: Options): Promise<Channel>;
  /** Returns 32 random hexadecimal digits, perhaps with dashes after the first four. */
  newSessionId(): string;
  /** The base of relative URLs. Default: relative URLs are rejected. */
  readonly baseUrl?: string | undefined;
}

/**
 * Connects to a SockJS server over a WebSocket: with frames, or without if the transport is `RawWebSocket`. `url` is the base URL
 * of the server (`http://host:3636/kite`) with the scheme http, https, ws or wss; each request includes its query.
 * `RawWebSocket` uses the path of a ws or wss URL unchanged, and appends `/websocket` to that of an http or https URL. Each
 * request asks for the extensions of the hop in its query.
 *
 * Resolves to a channel that is not started. Rejects with a `DialError`.
 */
export function dialWebSocket<Options extends DialOptions>(
  platform: WebSocketPlatform<Options>,
  url: string | URL,
  options: Options,
): Promise<Channel> {
  return withBase(platform, url, options, (base) => {
    const framed = options.transport !== 'RawWebSocket';
    const path = framed
      ? requestPath(base, `${sessionPath(platform)}/websocket`)
      : base.protocol.startsWith('ws')
        ? base.pathname + base.search
        : requestPath(base, '/websocket');
    return platform.webSocket(base, withExtensions(path), framed, options);
  });
}

/** Connects with `connect` if `url` is valid and the signal has not aborted. A `URL` is one that `parseBaseUrl` has returned. */
export function withBase(
  { baseUrl }: Pick<WebSocketPlatform<DialOptions>, 'baseUrl'>,
  url: string | URL,
  { signal }: DialOptions,
  connect: (base: URL) => Promise<Channel>,
): Promise<Channel> {
  const base = typeof url === 'string' ? parseBaseUrl(url, baseUrl) : url;
  if (!base) return Promise.reject(new DialError('invalidUrl', url, INVALID_URL));
  return signal?.aborted ? Promise.reject(abortedError(base, signal)) : connect(base);
}

const INVALID_URL = 'not a URL with http, https, ws or wss, such as http://localhost:3636/kite';

/** Returns the path of a new session, such as `/042/8f0c…`: three digits for load balancers, and a random id. */
export function sessionPath({ newSessionId }: Pick<WebSocketPlatform<DialOptions>, 'newSessionId'>): string {
  const id = newSessionId();
  return `/${String(Number.parseInt(id.slice(0, 4), 16) % 1000).padStart(3, '0')}/${id.slice(4)}`;
}
