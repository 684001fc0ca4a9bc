import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** As the recordings of the reference have it: what a session answers must never come from a cache. */
export const NOT_CACHED = 'no-store, no-cache, must-revalidate, max-age=0';
export const PLAIN_TEXT = 'text/plain; charset=UTF-8';
export const JAVASCRIPT = 'application/javascript; charset=UTF-8';

/** A year, in seconds: as long as HTTP lets anything be cached. */
const YEAR = 31_536_000;

/** Headers of what may be cached for a year. */
export function cachedForAYear(now: number): OutgoingHttpHeaders {
  return {
    'cache-control': `public, max-age=${YEAR}`,
    expires: new Date(now + YEAR * 1000).toUTCString(),
  };
}

/** Answers a request with a whole body. */
export function respond(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

/** Answers a request with a sentence for people. */
export function respondText(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  text: string,
): void {
  respond(res, status, { 'content-type': PLAIN_TEXT, ...headers }, text);
}

/** Answers a preflight request. */
export function respondOptions(
  req: IncomingMessage,
  res: ServerResponse,
  cors: OutgoingHttpHeaders,
  methods: string,
  now: number,
): void {
  const wanted = req.headers['access-control-request-headers'];
  res.writeHead(204, {
    ...cors,
    ...cachedForAYear(now),
    'access-control-allow-methods': methods,
    'access-control-max-age': String(YEAR),
    ...(wanted !== undefined && wanted !== '' && { 'access-control-allow-headers': wanted }),
  });
  res.end();
}

const COOKIE = /(?:^|;\s*)JSESSIONID=([\w.!~*'()-]+)/;

/** The cookie by which a balancer keeps a session on one server: the one that came with the request, or a new one. */
export function sessionCookie(req: IncomingMessage): OutgoingHttpHeaders {
  const value = COOKIE.exec(req.headers.cookie ?? '')?.[1] ?? 'dummy';
  return { 'set-cookie': `JSESSIONID=${value}; Path=/` };
}
