import { createHash, randomInt } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { cachedForAYear, NOT_CACHED, PLAIN_TEXT, respond } from './respond.js';

/** Responds to a request for the base URL. */
export function respondGreeting(res: ServerResponse, cors: OutgoingHttpHeaders): void {
  respond(res, 200, { 'content-type': PLAIN_TEXT, ...cors }, 'Welcome to SockJS!\n');
}

/** Responds with the information by which a client chooses a transport. */
export function respondInfo(res: ServerResponse, cors: OutgoingHttpHeaders, cookieNeeded: boolean): void {
  const info = {
    websocket: true,
    origins: ['*:*'],
    cookie_needed: cookieNeeded,
    // For old browsers without a good source of randomness.
    entropy: randomInt(2 ** 32),
  };
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'cache-control': NOT_CACHED, ...cors };
  respond(res, 200, headers, JSON.stringify(info));
}

/** The URL from which the iframe page loads the SockJS client. */
export const SOCKJS_CLIENT_URL = 'https://cdn.jsdelivr.net/npm/sockjs-client@1.6.1/dist/sockjs.min.js';

// The SockJS protocol specifies the text, except for the URL of the script.
const IFRAME_PAGE = `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${SOCKJS_CLIENT_URL}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
`;

const IFRAME_ETAG = `"${createHash('sha256').update(IFRAME_PAGE).digest('hex').slice(0, 32)}"`;

/** Responds with the page through which browsers without CORS connect to a server of another origin. */
export function respondIframe(
  req: IncomingMessage,
  res: ServerResponse,
  headers: OutgoingHttpHeaders,
  now: number,
): void {
  const caching = { ...cachedForAYear(now), etag: IFRAME_ETAG, ...headers };
  if (req.headers['if-none-match'] === IFRAME_ETAG) {
    res.writeHead(304, caching);
    res.end();
    return;
  }
  respond(res, 200, { 'content-type': 'text/html; charset=UTF-8', ...caching }, IFRAME_PAGE);
}
