import type { Channel } from '../channel/channel.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { abortedError, DialError, isDialError } from '../handshake/dial-error.js';
import { withExtensions } from '../sockjs/hop-extensions.js';
import { parseBaseUrl, requestPath } from '../handshake/session-url.js';

/** The transports of a platform, Node or a page, and how it uses them. */
export interface DialPlatform<Options extends DialOptions> {
  /** Opens a WebSocket at `path`, which includes the query. `framed`: whether it carries SockJS frames. */
  webSocket(base: URL, path: string, framed: boolean, options: Options): Promise<Channel>;
  /** Opens a session over XHR polling. `session` is its path under the base URL. */
  xhr(base: URL, session: string, options: Options): Promise<Channel>;
  /** Whether `auto` falls back to XHR polling after this failure of the WebSocket. */
  fallsBack(error: DialError): boolean;
  /** Returns the options with which `auto` tries WebSocket. Default: the same options. */
  firstOptions?(options: Options): Options;
  /** Returns 32 random hexadecimal digits. */
  newSessionId(): string;
  /** The base of relative URLs. Default: relative URLs are rejected. */
  readonly baseUrl?: string | undefined;
}

/**
 * Connects to a SockJS server. `url` is its base URL (`http://host:3636/kite`) with the scheme http, https, ws or wss; each
 * request includes its query. `RawWebSocket` uses the path of a ws or wss URL unchanged, and
 * appends `/websocket` to that of an http or https URL. Each request asks for the extensions of the hop in its query.
 *
 * Resolves to a channel that is not started. Rejects with a `DialError`.
 */
export function dialWithFallback<Options extends DialOptions>(
  platform: DialPlatform<Options>,
  url: string,
  options: Options,
): Promise<Channel> {
  const base = parseBaseUrl(url, platform.baseUrl);
  if (!base) return Promise.reject(new DialError('invalidUrl', url, INVALID_URL));
  if (options.signal?.aborted) return Promise.reject(abortedError(base, options.signal));
  const openSession = (attempt = options): Promise<Channel> =>
    platform.webSocket(
      base,
      withExtensions(requestPath(base, `${sessionPath(platform.newSessionId())}/websocket`)),
      true,
      attempt,
    );
  const poll = (attempt = options): Promise<Channel> =>
    platform.xhr(base, sessionPath(platform.newSessionId()), attempt);
  const startedAt = options.clock.monotonic();
  const { transport }: DialOptions = options;
  switch (transport) {
    case 'WebSocket':
      return openSession();
    case 'RawWebSocket':
      return platform.webSocket(base, rawWebSocketPath(base), false, options);
    case 'XHRPolling':
      return poll();
    default:
      // A transport without a case is a type error. Only Node's `dial` supports `Session`.
      transport satisfies 'auto' | 'Session';
      return openSession(platform.firstOptions?.(options)).catch((error: unknown) => {
        if (isDialError(error) && platform.fallsBack(error))
          return poll(withRemainingTime(options, startedAt));
        throw error;
      });
  }
}

const INVALID_URL = 'not a URL with http, https, ws or wss, such as http://localhost:3636/kite';

/** Returns the options with the remaining time for the handshake. */
function withRemainingTime<Options extends DialOptions>(options: Options, startedAt: number): Options {
  const { handshakeTimeout, clock } = options;
  if (handshakeTimeout === 0) return options;
  return { ...options, handshakeTimeout: Math.max(1, handshakeTimeout - (clock.monotonic() - startedAt)) };
}

function rawWebSocketPath(base: URL): string {
  const exact = base.protocol === 'ws:' || base.protocol === 'wss:';
  return withExtensions(exact ? base.pathname + base.search : requestPath(base, '/websocket'));
}

/** Returns the path of a session, such as `/042/8f0c…`: three digits for load balancers, and a random id. */
function sessionPath(id: string): string {
  return `/${String(Number.parseInt(id.slice(0, 4), 16) % 1000).padStart(3, '0')}/${id.slice(4)}`;
}
