import type { Channel } from '../channel/channel.js';
import { randomHex } from '../../util/random.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import { dialWebSocket, type WebSocketPlatform } from '../dial/dial-web-socket.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { DialError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import { FramedPageChannel } from './framed-page-channel.js';
import { RawPageChannel } from './raw-page-channel.js';
import type { PagePlatform, PageSocket } from './page-platform.js';
import { toWebSocket } from '../../util/web-url.js';

/** Connects to a SockJS server from a page, over a WebSocket. A URL may be relative to the page. See `dialWebSocket`. */
export function dialWebSocketInPage(
  platform: PagePlatform,
  url: string,
  options: DialOptions,
): Promise<Channel> {
  return dialWebSocket(webSocketsOf(platform), url, options);
}

/** How a page opens WebSockets. */
export function webSocketsOf(page: PagePlatform): WebSocketPlatform<DialOptions> {
  return {
    webSocket: (base, path, framed, options) => openWebSocket(page, base, path, framed, options),
    newSessionId: () => randomHex(16),
    baseUrl: page.location?.href,
  };
}

function openWebSocket(
  { WebSocket }: PagePlatform,
  base: URL,
  path: string,
  framed: boolean,
  options: DialOptions,
): Promise<Channel> {
  const { limits, clock } = options;
  return new Promise((resolve, reject) => {
    let socket: PageSocket | undefined;
    const handshake = new Handshake(base, options, (error) => {
      socket?.close();
      reject(error);
    });
    const fail = (cause: unknown): void => handshake.fail(pageDialError(base, cause));
    try {
      socket = new WebSocket(`${toWebSocket(base.protocol)}//${base.host}${path}`);
    } catch (error) {
      // For example, a page that was loaded over https dials http.
      fail(error);
      return;
    }
    // If the page's policy forbids the socket, Chromium emits 'error' without 'close'.
    socket.addEventListener('error', () => fail(undefined));
    socket.addEventListener('close', () => fail(undefined));
    const opened = socket;
    opened.addEventListener('open', () => {
      if (!handshake.succeed()) return;
      const owner = new ClientHeartbeat(clock, limits.idleTimeout);
      const channelOptions = { socket: opened, remoteAddress: base.host, limits, clock, owner };
      if (framed) {
        const channel = new FramedPageChannel(channelOptions);
        owner.watch(channel);
        resolve(channel);
      } else {
        resolve(new RawPageChannel(channelOptions));
      }
    });
  });
}

/** Returns the error of a failed connection. A browser reports the reason only in its console. */
export function pageDialError(base: URL, cause: unknown): DialError {
  return new DialError(
    'refused',
    base,
    "no response, or the server or this page's policy forbids the connection",
    {
      cause,
      hint: 'See the console.',
    },
  );
}
