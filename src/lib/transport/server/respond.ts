import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/**
 * The `cache-control` header of responses that nothing between this server and its client may store or change: compression by a
 * proxy would delay the frames of a stream. The SockJS protocol specifies the value; that of the Go implementation is older, and
 * has no `no-transform`.
 */
export const NOT_CACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';
export const PLAIN_TEXT = 'text/plain; charset=UTF-8';
export const JAVASCRIPT = 'application/javascript; charset=UTF-8';

/** A year, in seconds: the longest time that HTTP recommends for caching. */
const YEAR = 31_536_000;

/** Returns the headers of a response that may be cached for a year. */
export function cachedForAYear(now: number): OutgoingHttpHeaders {
  return {
    'cache-control': `public, max-age=${YEAR}`,
    expires: new Date(now + YEAR * 1000).toUTCString(),
  };
}

/** Sends a response with a complete body, not cached by default. Has no effect if the response has started. */
export function respond(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    'cache-control': NOT_CACHED,
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

/** Sends a response in plain text. */
export function respondText(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  text: string,
): void {
  respond(res, status, { 'content-type': PLAIN_TEXT, ...headers }, text);
}

/** Responds to a preflight request. */
export function respondOptions(
  req: IncomingMessage,
  res: ServerResponse,
  cors: OutgoingHttpHeaders,
  methods: string,
  now: number,
): void {
  const requestedHeaders = req.headers['access-control-request-headers'];
  res.writeHead(204, {
    ...cors,
    ...cachedForAYear(now),
    'access-control-allow-methods': methods,
    'access-control-max-age': String(YEAR),
    ...(requestedHeaders !== undefined &&
      requestedHeaders !== '' && { 'access-control-allow-headers': requestedHeaders }),
  });
  res.end();
}

const COOKIE = /(?:^|;\s*)JSESSIONID=([\w.!~*'()-]+)/;

/** Returns the header for the cookie by which load balancers route a session to one server: that of the request, or a new one. */
export function sessionCookie(req: IncomingMessage): OutgoingHttpHeaders {
  const value = COOKIE.exec(req.headers.cookie ?? '')?.[1] ?? 'dummy';
  return { 'set-cookie': `JSESSIONID=${value}; Path=/` };
}
