import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { remoteIp } from '../../transport/channel/remote-address.js';
import { canonicalAddress } from '../../util/ip-addresses.js';

/** Headers that apply to a single connection and are not forwarded (RFC 9110, section 7.6.1, and its predecessors). */
const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Request headers that the proxy sets or handles itself. Those of the caller are dropped, because they cannot be trusted. */
const OVERWRITTEN: readonly string[] = ['expect', 'forwarded', 'x-real-ip', 'http2-settings'];

/** Headers that a caller cannot drop by naming them in `Connection`, because that would change the request. */
const ALWAYS_FORWARDED: readonly string[] = ['host', 'content-length'];

/** What the forwarded headers contain about the proxy. */
export interface ForwardingProxy {
  /** The pseudonym of the proxy in `Via`, to detect loops. */
  readonly via: string;
  /** Whether callers use TLS, which a load balancer in front of the proxy may terminate. */
  readonly secure: boolean;
  /** Returns the address of the caller of a request. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** Returns the headers of a request to send to the kite. */
export function requestHeaders(request: IncomingMessage, proxy: ForwardingProxy): OutgoingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[]>;
  const dropped = new Set([...hopByHopHeaders(request), ...OVERWRITTEN]);
  for (const [name, value] of pairs(request.rawHeaders)) {
    const key = name.toLowerCase();
    if (dropped.has(key) || key.startsWith('x-forwarded-')) continue;
    const existing = headers[key];
    headers[key] = existing === undefined ? value : [existing, value].flat();
  }
  const { socket, httpVersion } = request;
  headers['via'] = [headers['via'] ?? [], `${httpVersion} ${proxy.via}`].flat();
  headers['x-forwarded-for'] = canonicalAddress(remoteIp(proxy.addressOf(request))) ?? 'unknown';
  headers['x-forwarded-proto'] = proxy.secure || (socket as TLSSocket).encrypted ? 'https' : 'http';
  if (request.headers.host !== undefined) headers['x-forwarded-host'] = request.headers.host;
  // A body without a length stays chunked. Otherwise the kite would parse it as the next request.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  return headers;
}

/** Returns whether a request has more than one `Host`, which must be refused (RFC 9112, section 3.2). */
export function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  return pairs(rawHeaders).filter(([name]) => name.toLowerCase() === 'host').length > 1;
}

/** Returns whether the request has already passed through this proxy. */
export function isLoop({ headers }: IncomingMessage, { via }: ForwardingProxy): boolean {
  return (headers.via ?? '').split(',').some((hop) => hop.trim().split(/\s+/)[1] === via);
}

/**
 * Returns whether the status line of a response can be sent to the caller. Node receives more than it sends: a code below 100,
 * control characters in the reason, and a 101 although the caller has not requested an upgrade (`upgrades`).
 */
export function hasValidStatusLine(
  { statusCode = 0, statusMessage = '' }: IncomingMessage,
  { upgrades }: { readonly upgrades: boolean },
): boolean {
  return (
    statusCode >= (upgrades ? 101 : 200) &&
    statusCode <= 999 &&
    !/[^\t\x20-\x7e\x80-\xff]/.test(statusMessage)
  );
}

/** Returns the headers of a kite's response to send to the caller, as alternating names and values. */
export function responseHeaders(response: IncomingMessage): string[] {
  const dropped = hopByHopHeaders(response);
  return pairs(response.rawHeaders)
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .flat();
}

/** Returns the headers that are not forwarded, including those that `Connection` names. */
function hopByHopHeaders({ headers }: IncomingMessage): ReadonlySet<string> {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...named.filter((name) => !ALWAYS_FORWARDED.includes(name))]);
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
  );
}
