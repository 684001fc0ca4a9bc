import { randomUUID } from 'node:crypto';
import type { Channel } from '../channel/channel.js';
import { CountedChannel } from '../channel/counted-channel.js';
import { maxFrameBytes } from '../sockjs/frame-limit.js';
import type { NodeDialOptions } from '../handshake/node-dial-options.js';
import { dialWithFallback, type DialPlatform } from './dial-with-fallback.js';
import { dialWebSocket } from '../websocket/dial-websocket.js';
import { dialXhr } from '../xhr/dial-xhr.js';
import { NodePost } from '../xhr/node-post.js';
import { socketError } from '../handshake/socket-error.js';

const nodePlatform: DialPlatform<NodeDialOptions> = {
  webSocket: dialWebSocket,
  xhr(base, session, options) {
    const http = new NodePost(base, maxFrameBytes(options.limits.messageBytes), options.tls);
    const dialling = dialXhr(base, session, options, { http, toDialError: socketError });
    const { budgets } = options;
    return budgets ? dialling.then((channel) => new CountedChannel(channel, budgets)) : dialling;
  },
  // The server sent an HTTP response instead of opening a WebSocket.
  fallsBack: ({ code }) => code === 'handshake',
  // Node generates UUIDs in advance, so that this does not call OpenSSL.
  newSessionId: () => randomUUID().replaceAll('-', ''),
};

const sessionPlatform: DialPlatform<NodeDialOptions> = {
  ...nodePlatform,
  webSocket: (base, _path, framed, options) =>
    dialWebSocket(base, base.pathname + base.search, framed, options),
};

/** Connects to a SockJS server from Node. See `dialWithFallback`. */
export function dial(url: string, options: NodeDialOptions): Promise<Channel> {
  // Not a case of `dialWithFallback`, because pages never open an existing session and should not load the code for it.
  return options.transport === 'Session'
    ? dialWithFallback(sessionPlatform, url, { ...options, transport: 'WebSocket' })
    : dialWithFallback(nodePlatform, url, options);
}
