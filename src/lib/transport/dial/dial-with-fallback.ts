import type { Channel } from '../channel/channel.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { type DialError, isDialError } from '../handshake/dial-error.js';
import { dialWebSocket, sessionPath, type WebSocketPlatform, withBase } from './dial-web-socket.js';

/** The transports of a platform, Node or a page, and how it uses them. */
export interface DialPlatform<Options extends DialOptions> extends WebSocketPlatform<Options> {
  /** Opens a session over XHR polling. `session` is its path under the base URL. */
  xhr(base: URL, session: string, options: Options): Promise<Channel>;
  /** Whether `auto` falls back to XHR polling after this failure of the WebSocket. */
  fallsBack(error: DialError): boolean;
  /** Returns the options with which `auto` tries WebSocket. Default: the same options. */
  firstOptions?(options: Options): Options;
}

/**
 * Connects to a SockJS server with any transport. `auto` tries WebSocket, and polls if that fails. See `dialWebSocket` for the
 * URL and the result.
 */
export function dialWithFallback<Options extends DialOptions>(
  platform: DialPlatform<Options>,
  url: string | URL,
  options: Options,
): Promise<Channel> {
  const poll = (attempt = options): Promise<Channel> =>
    withBase(platform, url, attempt, (base) => platform.xhr(base, sessionPath(platform), attempt));
  const startedAt = options.clock.monotonic();
  const { transport }: DialOptions = options;
  switch (transport) {
    case 'WebSocket':
    case 'RawWebSocket':
      return dialWebSocket(platform, url, options);
    case 'XHRPolling':
      return poll();
    default:
      // A transport without a case is a type error. Only Node's `dial` supports `Session`.
      transport satisfies 'auto' | 'Session';
      return dialWebSocket(platform, url, platform.firstOptions?.(options) ?? options).catch(
        (error: unknown) => {
          if (isDialError(error) && platform.fallsBack(error))
            return poll(withRemainingTime(options, startedAt));
          throw error;
        },
      );
  }
}

/** Returns the options with the remaining time for the handshake. */
function withRemainingTime<Options extends DialOptions>(options: Options, startedAt: number): Options {
  const { handshakeTimeout, clock } = options;
  if (handshakeTimeout === 0) return options;
  return { ...options, handshakeTimeout: Math.max(1, handshakeTimeout - (clock.monotonic() - startedAt)) };
}
