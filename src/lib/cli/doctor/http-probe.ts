import { withoutBrackets } from '../../util/host.js';
import { messageOf } from '../../util/message-of.js';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { checkServerIdentity, type TLSSocket } from 'node:tls';

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

/** The code of a trusted certificate that is for another host. */
const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** Timeout of a request in milliseconds. */
const REQUEST_TIMEOUT = 5000;

/**
 * Sends a GET request without credentials, and accepts every certificate.
 *
 * @throws Error if the server does not respond in time
 */
export function probeHttp(url: URL, signal: AbortSignal): Promise<ProbeResult> {
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
        certificate: 'getPeerCertificate' in socket ? readCertificate(socket as TLSSocket, url) : undefined,
      });
    };
    // The certificate is what is checked, so an untrusted one must not abort the request.
    const request =
      url.protocol === 'https:'
        ? getHttps(url, { signal: timeout, rejectUnauthorized: false, agent: false }, onResponse)
        : getHttp(url, { signal: timeout, agent: false }, onResponse);
    request.on('error', reject);
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
