import type { Channel } from '../channel/channel.js';
import { dialWithFallback } from '../dial/dial-with-fallback.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { pageDialError, webSocketsOf } from './dial-web-socket-in-page.js';
import { FetchPost } from './fetch-post.js';
import type { PagePlatform } from './page-platform.js';

/**
 * Connects to a SockJS server from a page. See `dialWithFallback`. A URL may be relative to the page. `auto` tries WebSocket for
 * half of the timeout, and falls back to XHR polling after any failure, because a page cannot find out the reason.
 */
export function dialInPage(platform: PagePlatform, url: string, options: DialOptions): Promise<Channel> {
  return dialWithFallback(
    {
      ...webSocketsOf(platform),
      xhr(base, session, bounds) {
        const http = new FetchPost(platform, base, 3 * bounds.limits.messageBytes + FRAME_OVERHEAD);
        return dialXhr(base, session, bounds, { http, toDialError: pageDialError });
      },
      fallsBack: ({ code }) => code !== 'aborted',
      firstOptions: (bounds) => ({ ...bounds, handshakeTimeout: bounds.handshakeTimeout / 2 }),
    },
    url,
    options,
  );
}

/** Number of bytes that a frame may take in addition to a message, which escapes can make three times as long. */
const FRAME_OVERHEAD = 64 * 1024;
