import { randomUUID } from 'node:crypto';
import type { Channel } from '../channel/channel.js';
import { frameBytes } from '../sockjs/frame-limit.js';
import type { NodeDialOptions } from '../handshake/node-dial-options.js';
import { dialBy, type Dialers } from './dial-with-fallback.js';
import { dialWebSocket } from '../websocket/dial-websocket.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { NodePost } from '../xhr/node-post.js';
import { socketError } from '../handshake/socket-error.js';

const ways: Dialers<NodeDialOptions> = {
  webSocket: dialWebSocket,
  xhr(base, session, options) {
    const http = new NodePost(base, frameBytes(options.limits.messageBytes), options.tls);
    return dialXhr(base, session, options, { http, failure: socketError });
  },
  // An HTTP answer came in place of the WebSocket.
  passesOver: ({ code }) => code === 'handshake',
  // Node makes UUIDs ahead of time, so that one costs no call into OpenSSL.
  newName: () => randomUUID().replaceAll('-', ''),
};

const asItStands: Dialers<NodeDialOptions> = {
  ...ways,
  webSocket: (base, _path, framed, options) =>
    dialWebSocket(base, base.pathname + base.search, framed, options),
};

/** `dialBy` in Node. */
export function dial(url: string, options: NodeDialOptions): Promise<Channel> {
  // Not a case of `dialBy`: pages, which load every byte of that, never open a session that somebody else has named.
  return options.transport === 'Session'
    ? dialBy(asItStands, url, { ...options, transport: 'WebSocket' })
    : dialBy(ways, url, options);
}
