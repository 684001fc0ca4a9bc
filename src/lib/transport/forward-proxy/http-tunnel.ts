import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { hostAndPort } from '../handshake/session-url.js';
import { RESPONSE_HEADER_BYTES } from '../limits/transport-limits.js';
import { refusalError } from './proxy-error.js';
import { proxyAuthorization, proxyOrigin } from './proxy-request.js';
import type { TunnelRequest } from './tunnel-request.js';

/** Opens a tunnel with CONNECT, over TLS to the proxy if its URL is an https URL. */
export async function open({ proxy, target, signal }: TunnelRequest): Promise<Socket> {
  const request = proxy.url.protocol === 'https:' ? https.request : http.request;
  const server = hostAndPort(target);
  const connecting = request({
    ...proxyOrigin(proxy),
    method: 'CONNECT',
    path: server,
    headers: { host: server, ...proxyAuthorization(proxy) },
    agent: false,
    maxHeaderSize: RESPONSE_HEADER_BYTES,
    signal,
  });
  connecting.end();
  const [response, socket, head] = (await once(connecting, 'connect')) as [IncomingMessage, Socket, Buffer];
  const { statusCode: status = 0, headers } = response;
  if (status >= 200 && status < 300) {
    if (head.length > 0) socket.unshift(head);
    return socket;
  }
  socket.destroy();
  throw refusalError(proxy, target, { status, authenticate: headers['proxy-authenticate'] ?? '' });
}
