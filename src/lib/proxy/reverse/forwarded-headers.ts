import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { canonicalAddress } from './ip-addresses.js';

/** What is between two neighbours, and passed on to nobody (RFC 9110, section 7.6.1, and what came before it). */
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

/** What the proxy says itself, or answers itself: taken from outside, a caller could write what it likes. */
const OWN: readonly string[] = ['expect', 'forwarded', 'x-real-ip', 'http2-settings'];

/** What a caller cannot have dropped by naming it: without them the request would be another one. */
const KEPT: readonly string[] = ['host', 'content-length'];

/** What the proxy tells of itself. */
export interface ProxyNames {
  /** By which it knows that a request has come through it before. */
  readonly via: string;
  /** Whether callers reach it over TLS that something in front of it ends. */
  readonly secure: boolean;
}

/** The headers of a request as the kite gets them. */
export function requestHeaders(request: IncomingMessage, proxy: ProxyNames): OutgoingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[]>;
  const dropped = new Set([...droppedBy(request), ...OWN]);
  for (const [name, value] of pairs(request.rawHeaders)) {
    const key = name.toLowerCase();
    if (dropped.has(key) || key.startsWith('x-forwarded-')) continue;
    const before = headers[key];
    headers[key] = before === undefined ? value : [before, value].flat();
  }
  const { socket, httpVersion } = request;
  headers['via'] = [headers['via'] ?? [], `${httpVersion} ${proxy.via}`].flat();
  headers['x-forwarded-for'] = canonicalAddress(socket.remoteAddress ?? '') ?? 'unknown';
  headers['x-forwarded-proto'] = proxy.secure || (socket as TLSSocket).encrypted ? 'https' : 'http';
  if (request.headers.host !== undefined) headers['x-forwarded-host'] = request.headers.host;
  // A body without a length keeps its frame: without one it would be read as the next request.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  return headers;
}

/** Whether the request has come through this proxy before. */
export function isLoop({ headers }: IncomingMessage, { via }: ProxyNames): boolean {
  return (headers.via ?? '').split(',').some((hop) => hop.trim().split(/\s+/)[1] === via);
}

/** The headers of a kite's answer as the caller gets them: names and values in turn. */
export function responseHeaders(response: IncomingMessage): string[] {
  const dropped = droppedBy(response);
  return pairs(response.rawHeaders)
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .flat();
}

/** What hangs on the connection: always, and because `Connection` names it. */
function droppedBy({ headers }: IncomingMessage): ReadonlySet<string> {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...named.filter((name) => !KEPT.includes(name))]);
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
  );
}
