/**
 * The URL of something under a base URL. The path goes before the query: a query on the base URL is kept on every
 * request, as proxies that route by it need. `scheme` is chosen by what the request is, secure if the base URL is.
 */
export function urlUnder(base: URL, path: string, scheme: 'ws' | 'http'): URL {
  return build(base, base.pathname.replace(/\/+$/, '') + path, scheme);
}

/** The same URL with ws or http as its scheme, secure if it was. */
export function withScheme(url: URL, scheme: 'ws' | 'http'): URL {
  return build(url, url.pathname, scheme);
}

// Parsing once is a good deal faster than setting one part after the other.
function build({ protocol, username, password, host, search }: URL, path: string, scheme: string): URL {
  const secure = protocol === 'https:' || protocol === 'wss:' ? 's' : '';
  const credentials = username === '' ? '' : `${username}:${password}@`;
  return new URL(`${scheme}${secure}://${credentials}${host}${path}${search}`);
}

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/** Reads a base URL; undefined when it is none, or of another scheme. */
export function parseBaseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

// `/042/8f0c…/websocket`: what a session adds to its base URL, and means nothing to whoever gave that.
const SESSION = /\/\d{3}\/[0-9a-f]{16,}(?:\/websocket)?$/;

/** A URL as it may be shown: the base URL that was dialled, without credentials and query, which may be secrets. */
export function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string')
    return JSON.stringify(url.replace(/\?.*/s, '?…').replace(/\/\/[^/@]*@/, '//…@'));
  const base = url.pathname.replace(SESSION, '');
  const scheme = base === url.pathname ? url.protocol : url.protocol.replace('ws', 'http');
  return `${scheme}//${url.host}${base}`;
}
