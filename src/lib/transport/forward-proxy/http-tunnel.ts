import { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { guardListener } from '../../util/guard-listeners.js';
import { basicAuthorization } from '../handshake/url-credentials.js';
import type { TunnelRequest } from './tunnel-request.js';
import { refusalError } from './proxy-error.js';

/** What the agent reports about the response of the proxy. */
interface ConnectResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Opens a tunnel with CONNECT, over TLS to the proxy if its URL is an https URL. */
export async function open({ proxy, target, host, port, signal }: TunnelRequest): Promise<Socket> {
  const authorization = basicAuthorization(proxy.url);
  // The agent logs its URL if DEBUG is set, so the URL has no credentials.
  const url = new URL(`${proxy.url.protocol}//${proxy.url.host}`);
  const agent = new HttpsProxyAgent(url, {
    signal,
    noDelay: true,
    ...(authorization !== undefined && { headers: { 'Proxy-Authorization': authorization } }),
  });
  let response: ConnectResponse | undefined;
  const events = new EventEmitter();
  const onResponse = guardListener(
    (connect: ConnectResponse) => {
      response = connect;
    },
    () => {},
  );
  events.once('proxyConnect', onResponse);
  // The agent needs nothing but the events of a request.
  const request = events as unknown as ClientRequest;
  const socket = await agent.connect(request, { host, port, secureEndpoint: false });
  if (response?.statusCode === 200) return socket;
  socket.destroy();
  const authenticate = [response?.headers['proxy-authenticate'] ?? []].flat().join(', ');
  throw refusalError(proxy, target, { status: response?.statusCode ?? 0, authenticate });
}
