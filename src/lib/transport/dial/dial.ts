import { randomUUID } from 'node:crypto';
import type { Channel } from '../channel/channel.js';
import { CountedChannel } from '../channel/counted-channel.js';
import { maxFrameBytes } from '../sockjs/frame-limit.js';
import type { NodeDialOptions } from '../handshake/node-dial-options.js';
import { dialWithFallback, type DialPlatform } from './dial-with-fallback.js';
import { dialWebSocket } from '../websocket/dial-websocket.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { NodePost } from '../xhr/node-post.js';
import { throughProxy } from '../forward-proxy/proxy-error.js';
import { socketError } from '../handshake/socket-error.js';
import { type DialError, isDialError, timeoutError } from '../handshake/dial-error.js';
import { withExtensions } from '../sockjs/hop-extensions.js';
import { parseBaseUrl } from '../handshake/session-url.js';
import { FALLBACK_TTL, REMEMBERED_FALLBACKS, UPGRADE_TIMEOUT } from '../limits/transport-limits.js';
import type { DialErrorCode } from '../../errors/error-codes.js';
import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru-map.js';

/** The servers that `auto` dials over XHR polling, because WebSocket has failed there and XHR polling has not. */
export type Fallbacks = LruMap<true>;

export function newFallbacks(clock: Clock): Fallbacks {
  return new LruMap(REMEMBERED_FALLBACKS, clock);
}

const nodePlatform: DialPlatform<NodeDialOptions> = {
  webSocket: dialWebSocket,
  xhr(base, session, options) {
    const http = new NodePost(base, maxFrameBytes(options.limits.messageBytes), options);
    const dialing = dialXhr(base, session, options, { http, toDialError: socketError });
    const { budgets } = options;
    return budgets ? dialing.then((channel) => new CountedChannel(channel, budgets)) : dialing;
  },
  fallsBack: (error) => (error.code === 'proxy' ? refusesTunnel(error) : !FINAL_FAILURES.has(error.code)),
  firstOptions: (options) => ({
    ...options,
    handshakeTimeout: options.handshakeTimeout / 2 || UPGRADE_TIMEOUT,
  }),
  // Node generates UUIDs in advance, so that this does not call OpenSSL.
  newSessionId: randomUUID,
};

const sessionPlatform: DialPlatform<NodeDialOptions> = {
  ...nodePlatform,
  webSocket: (base, _path, framed, options) =>
    dialWebSocket(base, withExtensions(base.pathname + base.search), framed, options),
};

/**
 * The failures before the upgrade was sent, and those that XHR polling would repeat. After any other, such as a middlebox
 * that holds or resets the upgrade, a plain HTTP request may pass.
 */
const FINAL_FAILURES: ReadonlySet<DialErrorCode> = new Set([
  'aborted',
  'invalidUrl',
  'notFound',
  'refused',
  'tls',
  'tooManyFiles',
  'unreachable',
]);

/**
 * Whether a proxy does not open a tunnel, and may forward the requests of XHR polling, which needs none: proxies commonly open
 * tunnels to port 443 only.
 */
function refusesTunnel({ status = 0, url }: DialError): boolean {
  return status >= 400 && status < 500 && status !== 407 && /^(?:http|ws):/.test(url);
}

/**
 * Connects to a SockJS server from Node. See `dialWithFallback`. `auto` tries WebSocket for half of the timeout, and XHR polling
 * first if `fallbacks` contains the server.
 */
export async function dial(url: string, options: NodeDialOptions, fallbacks?: Fallbacks): Promise<Channel> {
  const base = parseBaseUrl(url);
  const proxy = base && options.findProxy(base);
  if (!proxy) return dialTransport(base ?? url, options, fallbacks);
  return dialTransport(base, { ...options, findProxy: () => proxy }, fallbacks).catch((error: unknown) => {
    throw throughProxy(error, proxy, base);
  });
}

function dialTransport(
  url: string | URL,
  options: NodeDialOptions,
  fallbacks: Fallbacks | undefined,
): Promise<Channel> {
  switch (options.transport) {
    // Not a case of `dialWithFallback`, because pages never open an existing session and should not load the code for it.
    case 'Session':
      return dialWithFallback(sessionPlatform, url, { ...options, transport: 'WebSocket' });
    case 'auto':
      return dialAuto(url, options, fallbacks).catch((error: unknown) => {
        throw withWholeTimeout(error, url, options.handshakeTimeout);
      });
    default:
      return dialWithFallback(nodePlatform, url, options);
  }
}

function dialAuto(
  url: string | URL,
  options: NodeDialOptions,
  fallbacks: Fallbacks | undefined,
): Promise<Channel> {
  const server = typeof url === 'string' ? url : url.origin + url.pathname;
  if (fallbacks?.get(server)) {
    const polling = dialWithFallback(nodePlatform, url, { ...options, transport: 'XHRPolling' });
    return polling.catch((error: unknown) => {
      fallbacks.delete(server);
      throw error;
    });
  }
  const platform: DialPlatform<NodeDialOptions> = {
    ...nodePlatform,
    xhr: async (base, session, bounds) => {
      const channel = await nodePlatform.xhr(base, session, bounds);
      fallbacks?.set(server, true, FALLBACK_TTL);
      return channel;
    },
  };
  return dialWithFallback(platform, url, options);
}

/** Returns the error with the time that both attempts have taken, instead of the time of the second. */
function withWholeTimeout(error: unknown, base: string | URL, handshakeTimeout: number): unknown {
  const ranOut = isDialError(error) && error.code === 'timeout' && error.cause === undefined;
  return typeof base !== 'string' && ranOut && handshakeTimeout > 0
    ? timeoutError(base, handshakeTimeout)
    : error;
}
