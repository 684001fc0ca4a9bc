import type { Channel } from '../channel/channel.js';
import { randomHex } from '../../util/random.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import { dialBy } from '../dial/dial-with-fallback.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { DialError } from '../handshake/dial-error.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { Handshake } from '../handshake/handshake.js';
import { FetchPost } from './fetch-post.js';
import { FramedPageChannel } from './framed-page-channel.js';
import { RawPageChannel } from './page-channel.js';
import type { PagePlatform, PageSocket } from './page-platform.js';

/**
 * `dialBy` in a page, where a URL may be relative to it. `auto` tries WebSocket for half of the time it has, and goes on to
 * XHR polling whatever was the matter: a page is not told.
 */
export function dialInPage(platform: PagePlatform, url: string, options: DialOptions): Promise<Channel> {
  return dialBy(
    {
      webSocket: (base, path, framed, bounds) => dialWebSocket(platform, base, path, framed, bounds),
      xhr(base, session, bounds) {
        const http = new FetchPost(platform, base, 3 * bounds.limits.messageBytes + FRAME_ROOM);
        return dialXhr(base, session, bounds, { http, failure });
      },
      passesOver: ({ code }) => code !== 'aborted',
      firstTry: (bounds) => ({ ...bounds, handshakeTimeout: bounds.handshakeTimeout / 2 }),
      newName: () => randomHex(16),
      here: platform.location?.href,
    },
    url,
    options,
  );
}

/** What a frame may be longer than the message in it, which its escapes can make three times as long. */
const FRAME_ROOM = 64 * 1024;

function dialWebSocket(
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
    const fail = (cause: unknown): void => handshake.fail(failure(base, cause));
    try {
      socket = new WebSocket(`${base.protocol.replace('http', 'ws')}//${base.host}${path}`);
    } catch (error) {
      // Such as a page that came over https and dials http.
      fail(error);
      return;
    }
    // A socket that the page's policy forbids has an error and, in Chromium, no end.
    socket.addEventListener('error', () => fail(undefined));
    socket.addEventListener('close', () => fail(undefined));
    const opened = socket;
    opened.addEventListener('open', () => {
      if (!handshake.succeed()) return;
      const owner = new ClientHeartbeat(clock, limits.idleTimeout);
      const settings = { socket: opened, remoteAddress: base.host, limits, clock, owner };
      if (framed) {
        const channel = new FramedPageChannel(settings);
        owner.watch(channel);
        resolve(channel);
      } else {
        resolve(new RawPageChannel(settings));
      }
    });
  });
}

/** A browser keeps to itself why a connection failed; it tells the person in its console. */
function failure(base: URL, cause: unknown): DialError {
  return new DialError(
    'refused',
    base,
    "nothing answers, or it lets in no page of this origin, or this page's policy forbids it. The console says which.",
    { cause },
  );
}
