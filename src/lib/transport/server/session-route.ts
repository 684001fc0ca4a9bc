/** The route of a request under a prefix. */
export type Route =
  | { readonly type: 'greeting' | 'info' | 'iframe' | 'raw' | 'unknown' }
  | { readonly type: 'session'; readonly transport: SessionTransport; readonly id: string };

export type SessionTransport = 'websocket' | 'xhr' | 'xhr_send' | 'xhr_streaming' | 'eventsource';

const UNKNOWN = { type: 'unknown' } as const;

// The older transports `jsonp` and `htmlfile` are not supported: they were for browsers that no longer exist, and JSONP exposes
// data to any page.
const TRANSPORTS: ReadonlySet<string> = new Set<SessionTransport>([
  'websocket',
  'xhr',
  'xhr_send',
  'xhr_streaming',
  'eventsource',
]);

// The length is limited because clients choose the ids, and the server stores them.
const SESSION_PATH = /^\/[^/.]{1,128}\/([^/.]{1,128})\/([a-z_]+)$/;
const IFRAME_PATH = /^\/iframe[^/]*\.html$/;

/** Returns the prefixes without trailing slashes, longest first. */
export function normalizePrefixes(prefixes: readonly string[]): readonly string[] {
  return prefixes
    .map((prefix) => prefix.replace(/\/+$/, ''))
    .toSorted((one, other) => other.length - one.length);
}

/** Returns the path of `url` after the prefix, without the query. Returns undefined if no prefix matches. */
export function pathAfterPrefix(prefixes: readonly string[], url: string): string | undefined {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  for (const prefix of prefixes) {
    if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')) {
      return path.slice(prefix.length);
    }
  }
  return undefined;
}

/** Parses a path after the prefix, such as `/info` or `/000/abcdefgh/xhr`. */
export function parseRoute(path: string): Route {
  switch (path) {
    case '':
    case '/':
      return { type: 'greeting' };
    case '/info':
      return { type: 'info' };
    case '/websocket':
      return { type: 'raw' };
    default:
      break;
  }
  const session = SESSION_PATH.exec(path);
  if (session) {
    const [, id = '', transport = ''] = session;
    return TRANSPORTS.has(transport)
      ? { type: 'session', transport: transport as SessionTransport, id }
      : UNKNOWN;
  }
  return IFRAME_PATH.test(path) ? { type: 'iframe' } : UNKNOWN;
}

const METHODS: Readonly<
  Record<SessionTransport | Exclude<Route['type'], 'session'>, readonly string[] | undefined>
> = {
  greeting: ['GET'],
  info: ['OPTIONS', 'GET'],
  iframe: ['GET'],
  raw: ['GET'],
  websocket: ['GET'],
  xhr: ['OPTIONS', 'POST'],
  xhr_send: ['OPTIONS', 'POST'],
  xhr_streaming: ['OPTIONS', 'POST'],
  eventsource: ['OPTIONS', 'GET'],
  unknown: undefined,
};

/** Returns the HTTP methods that a route supports. Returns undefined for an unknown route. */
export function allowedMethods(route: Route): readonly string[] | undefined {
  return METHODS[route.type === 'session' ? route.transport : route.type];
}
