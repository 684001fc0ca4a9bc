import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '../../util/loopback.js';

/** What a page is told that may not talk to the server. */
export const ORIGIN_REFUSED =
  'Pages of this origin may not connect. The operator of the server can allow them: allowOrigin, KITE_ALLOW_ORIGIN, or --allow-origin.\n';

/**
 * Which pages may talk to the server. A program that is no browser sends no Origin and is let through; a page is, when it
 * comes from the server itself, from this machine's loopback, or from an origin on the list.
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
    const host = hostOf(origin);
    // Compared without the scheme, which a proxy that ends TLS changes.
    if (host !== '' && host === headers.host?.toLowerCase()) return true;
    return isLoopbackHost(withoutPort(host)) || this.#allowed.includes(origin);
  }

  /** What lets the page of an allowed request read the answer. */
  corsHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
    const { origin } = headers;
    return {
      'access-control-allow-credentials': 'true',
      'access-control-allow-origin': origin ?? '*',
      ...(origin !== undefined && { vary: 'Origin' }),
    };
  }

  /**
   * The policy for pages that want to show a page of ours in a frame. The iframe page relays whatever its parent sends, so
   * that without this any page could speak through it as if it were of the same origin.
   */
  framePolicy(): OutgoingHttpHeaders {
    if (this.#any) return {};
    const ancestors = [
      "'self'",
      ...LOOPBACK_ANCESTORS,
      ...this.#allowed.filter((origin) => hostOf(origin) !== ''),
    ];
    return { 'content-security-policy': `frame-ancestors ${ancestors.join(' ')}` };
  }
}

/** Loopback, as far as a policy can say it: it can name no IPv6 address, and no network. */
const LOOPBACK_ANCESTORS = ['localhost:*', '*.localhost:*', '127.0.0.1:*'].flatMap((host) => [
  `http://${host}`,
  `https://${host}`,
]);

/** `127.0.0.1:3000` of `http://127.0.0.1:3000`; empty for `null`. */
function hostOf(origin: string): string {
  return /^https?:\/\/([^/\s;,']+)$/.exec(origin)?.[1] ?? '';
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}
