import { messageOf } from '../../util/message-of.js';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Outgoing } from '../../transport/handshake/outgoing.js';
import { isSecure } from '../../transport/handshake/session-url.js';
import { socketError } from '../../transport/handshake/socket-error.js';

/** What a response reveals about the server. */
export interface ProbeResult {
  readonly status: number;
  /** The IP address of the server. */
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

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** The certificates and headers of the request. */
  readonly access: Outgoing;
}

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
    return sendProbe(url, { signal: options.signal, access: { tls } });
  });
}

function sendProbe(url: URL, { signal, access }: ProbeOptions): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT)]);
    const onResponse = (response: IncomingMessage): void => {
      const { statusCode, headers, socket } = response;
      const { remoteAddress: address = '' } = socket;
      response.resume();
      const serverTime = Date.parse(headers.date ?? '');
      resolve({
        status: statusCode ?? 0,
        address,
        date: Number.isNaN(serverTime) ? undefined : serverTime,
        certificate: 'getPeerCertificate' in socket ? readCertificate(socket as TLSSocket) : undefined,
      });
    };
    const { tls, headers = {} } = access;
    const options = { signal: timeout, agent: false, headers } as const;
    const request = isSecure(url)
      ? getHttps(url, { ...options, ...tls }, onResponse)
      : getHttp(url, options, onResponse);
    request.on('error', reject);
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
