import type { Channel } from '../channel/channel.js';
import { randomHex } from '../../util/random.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import { dialWithFallback } from '../dial/dial-with-fallback.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { DialError } from '../handshake/dial-error.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { Handshake } from '../handshake/handshake.js';
import { FetchPost } from './fetch-post.js';
import { FramedPageChannel } from './framed-page-channel.js';
import { RawPageChannel } from './raw-page-channel.js';
import type { PagePlatform, PageSocket } from './page-platform.js';
import { toWebSocket } from '../../util/web-url.js';

/**
 * Connects to a SockJS server from a page. See `dialWithFallback`. A URL may be relative to the page. `auto` tries WebSocket for
 * half of the timeout, and falls back to XHR polling after any failure, because a page cannot find out the reason.
 */
export function dialInPage(platform: PagePlatform, url: string, options: DialOptions): Promise<Channel> {
  return dialWithFallback(
    {
      webSocket: (base, path, framed, bounds) => dialPageWebSocket(platform, base, path, framed, bounds),
      xhr(base, session, bounds) {
        const http = new FetchPost(platform, base, 3 * bounds.limits.messageBytes + FRAME_OVERHEAD);
        return dialXhr(base, session, bounds, { http, toDialError: pageDialError });
      },
      fallsBack: ({ code }) => code !== 'aborted',
      firstOptions: (bounds) => ({ ...bounds, handshakeTimeout: bounds.handshakeTimeout / 2 }),
      newSessionId: () => randomHex(16),
      baseUrl: platform.location?.href,
    },
    url,
    options,
  );
}

/** Number of bytes that a frame may take in addition to a message, which escapes can make three times as long. */
const FRAME_OVERHEAD = 64 * 1024;

function dialPageWebSocket(
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
function pageDialError(base: URL, cause: unknown): DialError {
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
