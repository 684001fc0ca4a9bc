import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '../../util/loopback.js';
import { withoutPort } from '../../util/host.js';

/** The response to a page whose origin is not allowed. */
export const ORIGIN_REFUSED =
  'Pages of this origin are not allowed to connect. The operator of the server can allow them with allowOrigin, KITE_ALLOW_ORIGIN or --allow-origin.\n';

/**
 * Decides which pages may connect to the server. A page is allowed if its origin is the server itself, a loopback address, or
 * in the list. Programs other than browsers do not send an Origin, and are allowed.
 */
export class OriginPolicy {
  readonly #any: boolean;
  readonly #allowed: readonly string[];

  constructor(allowOrigin: readonly string[] | '*') {
    this.#any = allowOrigin === '*' || allowOrigin.includes('*');
    this.#allowed = allowOrigin === '*' ? [] : allowOrigin.map((origin) => origin.toLowerCase());
  }

  allows({ headers }: IncomingMessage): boolean {
    if (headers.origin === undefined || this.#any) return true;
    const origin = headers.origin.toLowerCase();
    const host = originHost(origin);
    // Compared without the scheme, which a proxy that terminates TLS changes.
    if (host !== '' && host === headers.host?.toLowerCase()) return true;
    return isLoopbackHost(withoutPort(host)) || this.#allowed.includes(origin);
  }

  /** Returns the headers that allow the page to read the response. */
  corsHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
    const { origin } = headers;
    return {
      'access-control-allow-credentials': 'true',
      'access-control-allow-origin': origin ?? '*',
      ...(origin !== undefined && { vary: 'Origin' }),
    };
  }

  /**
   * Returns the policy for pages that embed a page of this server in a frame. The iframe page forwards everything that its
   * parent sends. Without this policy, any page could use it to connect with the origin of the server.
   */
  framePolicy(): OutgoingHttpHeaders {
    if (this.#any) return {};
    const ancestors = [
      "'self'",
      ...LOOPBACK_ANCESTORS,
      ...this.#allowed.filter((origin) => originHost(origin) !== ''),
    ];
    return { 'content-security-policy': `frame-ancestors ${ancestors.join(' ')}` };
  }
}

/** The loopback origins that a policy can contain. It does not support IPv6 addresses or networks. */
const LOOPBACK_ANCESTORS = ['localhost:*', '*.localhost:*', '127.0.0.1:*'].flatMap((host) => [
  `http://${host}`,
  `https://${host}`,
]);

/** Returns the host and port of an origin: `127.0.0.1:3000` for `http://127.0.0.1:3000`. Returns an empty string for `null`. */
function originHost(origin: string): string {
  return /^https?:\/\/([^/\s;,']+)$/.exec(origin)?.[1] ?? '';
}
