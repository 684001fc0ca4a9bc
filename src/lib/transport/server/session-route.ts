/** Where a request under a prefix goes. */
export type Route =
  | { readonly type: 'greeting' | 'info' | 'iframe' | 'raw' | 'unknown' }
  | { readonly type: 'session'; readonly transport: SessionTransport; readonly id: string };

export type SessionTransport = 'websocket' | 'xhr' | 'xhr_send' | 'xhr_streaming' | 'eventsource';

const UNKNOWN = { type: 'unknown' } as const;

// The older transports `jsonp` and `htmlfile` are missing on purpose: they served browsers that no longer exist, and
// JSONP hands its data to any page that asks.
const TRANSPORTS: ReadonlySet<string> = new Set<SessionTransport>([
  'websocket',
  'xhr',
  'xhr_send',
  'xhr_streaming',
  'eventsource',
]);

// Ids are a client's to choose, and kept as long as the session lives.
const SESSION_PATH = /^\/[^/.]{1,128}\/([^/.]{1,128})\/([a-z_]+)$/;
const IFRAME_PATH = /^\/iframe[^/]*\.html$/;

/** Prefixes as they are compared: without a slash at the end, longest first. */
export function normalisePrefixes(prefixes: readonly string[]): readonly string[] {
  return prefixes
    .map((prefix) => prefix.replace(/\/+$/, ''))
    .toSorted((one, other) => other.length - one.length);
}

/** What stands behind the prefix in the path of `url`, query left out; undefined when no prefix matches. */
export function pathBehindPrefix(prefixes: readonly string[], url: string): string | undefined {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  for (const prefix of prefixes) {
    if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')) {
      return path.slice(prefix.length);
    }
  }
  return undefined;
}

/** `path` is what stands behind the prefix: `/info`, `/000/abcdefgh/xhr`. */
export function routeOf(path: string): Route {
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

/** The HTTP methods that a route answers; undefined when there is nothing. */
export function methodsOf(route: Route): readonly string[] | undefined {
  return METHODS[route.type === 'session' ? route.transport : route.type];
}
