import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What a request of a server tells besides its answer. */
export interface Probe {
  readonly status: number;
  /** The IP address of the server. */
  readonly address: string;
  /** What the server's clock says, in milliseconds since 1970; it tells whole seconds. */
  readonly date: number | undefined;
  readonly certificate: Certificate | undefined;
}

export interface Certificate {
  /** Empty where this machine trusts it. */
  readonly problem: string;
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly validTo: number;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
}

/** Milliseconds for one request. */
const PATIENCE = 5000;

/**
 * Asks a server for a page, whatever its certificate. Nothing is sent to it but the path.
 *
 * @throws Error where it does not answer
 */
export function probe(url: URL, signal: AbortSignal): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const answered = (response: IncomingMessage): void => {
      const { statusCode, headers, socket } = response;
      const { remoteAddress: address = '' } = socket;
      response.resume();
      const at = Date.parse(headers.date ?? '');
      resolve({
        status: statusCode ?? 0,
        address,
        date: Number.isNaN(at) ? undefined : at,
        certificate: 'getPeerCertificate' in socket ? certificateOf(socket as TLSSocket) : undefined,
      });
    };
    // The certificate is what is looked at: one that is not trusted must not end the request.
    const request =
      url.protocol === 'https:'
        ? getHttps(url, { signal: patience, rejectUnauthorized: false, agent: false }, answered)
        : getHttp(url, { signal: patience, agent: false }, answered);
    request.on('error', reject);
  });
}

function certificateOf(socket: TLSSocket): Certificate {
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  const problem: unknown = socket.authorizationError;
  return {
    problem: socket.authorized ? '' : String(problem instanceof Error ? problem.message : problem),
    subject: String(subject?.CN ?? ''),
    validTo: Date.parse(validTo),
    protocol: socket.getProtocol() ?? '',
  };
}
