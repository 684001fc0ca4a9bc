import { isIP } from 'node:net';
import { withoutBrackets } from '../../util/host.js';
import type { ForwardProxy } from '../handshake/forward-proxy.js';
import { basicAuthorization } from '../handshake/url-credentials.js';

/** The options of a request to a proxy that speaks HTTP, by which Node connects to it. */
export interface ProxyOrigin {
  readonly hostname: string;
  readonly port: string;
  readonly servername: string;
}

export function proxyOrigin({ url }: ForwardProxy): ProxyOrigin {
  const hostname = withoutBrackets(url.hostname);
  // Otherwise Node would compare the certificate of the proxy with the header Host, which names the server.
  return { hostname, port: url.port, servername: isIP(hostname) === 0 ? hostname : '' };
}

/** Returns the header with the credentials of a proxy, if it has any. */
export function proxyAuthorization({ url }: ForwardProxy): Readonly<Record<string, string>> {
  const authorization = basicAuthorization(url);
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}
