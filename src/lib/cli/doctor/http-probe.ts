import { proxyResponseError, requestError, routeTo } from '../../transport/forward-proxy/request-route.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import { messageOf } from '../../util/message-of.js';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What a response reveals about the server. */
export interface ProbeResult {
  readonly status: number;
  /** The IP address of the server; its host if there is a proxy. */
  readonly address: string;
  /** Time of the server in milliseconds since the Unix epoch, with a resolution of one second. */
  readonly date: number | undefined;
  readonly certificate: ServerCertificate | undefined;
}

export interface ServerCertificate {
  /** Why this machine does not trust the certificate; empty if it does. */
  readonly problem: string;
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly validTo: number;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
}

/** Timeout of a request in milliseconds. */
const REQUEST_TIMEOUT = 5000;

/**
 * Sends a GET request without credentials, and accepts every certificate.
 *
 * @throws Error if the server does not respond in time
 */
export function probeHttp(url: URL, findProxy: FindProxy, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT)]);
    const onResponse = (response: IncomingMessage): void => {
      const { statusCode, headers, socket } = response;
      const { remoteAddress = '' } = socket;
      const error = proxyResponseError(url, route, response);
      if (error) reject(error);
      response.resume();
      const serverTime = Date.parse(headers.date ?? '');
      resolve({
        status: statusCode ?? 0,
        address: route.proxy ? url.hostname : remoteAddress,
        date: Number.isNaN(serverTime) ? undefined : serverTime,
        certificate: 'getPeerCertificate' in socket ? readCertificate(socket as TLSSocket) : undefined,
      });
    };
    // The certificate is what is checked, so an untrusted one must not abort the request.
    const route = routeTo(url, findProxy);
    const agent = route.newAgent({ rejectUnauthorized: false });
    const request = route.request(
      { ...route.options(url.pathname + url.search), signal: timeout, agent },
      onResponse,
    );
    request.on('error', (error) => reject(requestError(url, route, error)));
    request.on('close', () => agent.destroy());
    request.end();
  });
}

function readCertificate(socket: TLSSocket): ServerCertificate {
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  const problem: unknown = socket.authorizationError;
  return {
    problem: socket.authorized ? '' : messageOf(problem),
    subject: String(subject?.CN ?? ''),
    validTo: Date.parse(validTo),
    protocol: socket.getProtocol() ?? '',
  };
}
