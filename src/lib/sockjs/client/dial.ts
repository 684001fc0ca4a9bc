import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { Channel } from '../../util/channel.js';
import { frameBytes } from '../frame-limit.js';
import { dialBy, type DialOptions as AnyDialOptions, type Ways } from './dial-by.js';
import { dialWebSocket } from './dial-websocket.js';
import { dialXhr } from './dial-xhr.js';
import { HttpPost } from './http-post.js';
import { socketError } from './socket-error.js';

/** What is trusted in a server's certificate, and what is shown to it. */
export type DialTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

export interface DialOptions extends AnyDialOptions {
  readonly tls?: DialTls | undefined;
}

const ways: Ways<DialOptions> = {
  webSocket: dialWebSocket,
  xhr(base, session, options) {
    const http = new HttpPost(base, frameBytes(options.limits.messageBytes), options.tls);
    return dialXhr(base, session, options, { http, failure: socketError });
  },
  // An HTTP answer came in place of the WebSocket.
  passesOver: ({ code }) => code === 'handshake',
  // Node makes UUIDs ahead of time, so that one costs no call into OpenSSL.
  newName: () => randomUUID().replaceAll('-', ''),
};

/** `dialBy` in Node. */
export function dial(url: string, options: DialOptions): Promise<Channel> {
  return dialBy(ways, url, options);
}
