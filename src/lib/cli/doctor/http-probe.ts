import {
  proxyResponseError,
  requestError,
  routeTo,
  startRequest,
} from '../../transport/forward-proxy/request-route.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { withoutBrackets } from '../../util/host.js';
import { messageOf } from '../../util/message-of.js';
import type { IncomingMessage } from 'node:http';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import type { Outgoing } from '../../transport/handshake/outgoing.js';
import { socketError } from '../../transport/handshake/socket-error.js';

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
  /** The code of the reason why this machine does not trust the certificate; empty if it does. */
  readonly problem: string;
  /** Whether the certificate is for the host of the URL. */
  readonly isForHost: boolean;
  /** The hosts that it is for, such as `DNS:localhost, IP Address:127.0.0.1`. */
  readonly hosts: string;
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly validTo: number;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** The certificates and headers of the request. */
  readonly access: Outgoing;
  readonly findProxy: FindProxy;
}

/** The code of a trusted certificate that is for another host. */
const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** Timeout of a request in milliseconds. */
const REQUEST_TIMEOUT = 5000;

/**
 * Sends a GET request without a kite key or token. If the certificate of the server is not trusted, sends it again without
 * headers, to describe the certificate.
 *
 * @throws Error if the server does not respond in time
 */
export function probeHttp(url: URL, options: ProbeOptions): Promise<ProbeResult> {
  return sendProbe(url, options).catch((error: unknown) => {
    if (socketError(url, error).code !== 'tls') throw error;
    const tls = { ...options.access.tls, rejectUnauthorized: false };
    return sendProbe(url, { ...options, access: { tls } });
  });
}

function sendProbe(url: URL, { signal, access, findProxy }: ProbeOptions): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT)]);
    const onResponse = (response: IncomingMessage): void => {
      const { statusCode, headers, socket } = response;
      const { remoteAddress = '' } = socket;
      const error = proxyResponseError(url, route, response);
      response.resume();
      if (error) {
        reject(error);
        return;
      }
      const serverTime = Date.parse(headers.date ?? '');
      resolve({
        status: statusCode ?? 0,
        address: route.proxy ? url.hostname : remoteAddress,
        date: Number.isNaN(serverTime) ? undefined : serverTime,
        certificate: 'getPeerCertificate' in socket ? readCertificate(socket as TLSSocket, url) : undefined,
      });
    };
    const route = routeTo(url, findProxy);
    const request = startRequest(url, route, { ...access, signal: timeout });
    const guarded = guardListeners((error) => {
      request.destroy();
      reject(error);
    });
    request.on('response', guarded(onResponse));
    const onError = guarded((error: Error) => reject(requestError(url, route, error)));
    request.on('error', onError);
    request.end();
  });
}

function readCertificate(socket: TLSSocket, url: URL): ServerCertificate {
  const peer = socket.getPeerCertificate();
  const { subject, valid_to: validTo } = peer;
  // Node checks the host only of a certificate that it trusts.
  const otherHost = checkServerIdentity(withoutBrackets(url.hostname), peer);
  const problem: unknown = socket.authorizationError;
  return {
    problem: socket.authorized || problem === OTHER_HOST ? '' : messageOf(problem),
    isForHost: otherHost === undefined,
    hosts: peer.subjectaltname ?? String(subject?.CN ?? ''),
    subject: String(subject?.CN ?? ''),
    validTo: Date.parse(validTo),
    protocol: socket.getProtocol() ?? '',
  };
}
