/**
 * The URL of something under a base URL. The path goes before the query: a query on the base URL is kept on every
 * request, as proxies that route by it need. `scheme` is chosen by what the request is, secure if the base URL is.
 */
export function urlUnder(base: URL, path: string, scheme: 'ws' | 'http'): URL {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/+$/, '') + path;
  return withScheme(url, scheme);
}

/** The same URL with ws or http as its scheme, secure if it was. */
export function withScheme(url: URL, scheme: 'ws' | 'http'): URL {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  // Between these four, unlike others, URL lets the scheme be set.
  const changed = new URL(url);
  changed.protocol = secure ? `${scheme}s:` : `${scheme}:`;
  changed.hash = '';
  return changed;
}

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/** Reads a base URL; undefined when it is none, or of another scheme. */
export function parseBaseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return SCHEMES.has(url.protocol) && url.hostname !== '' ? url : undefined;
}

/** A URL as it may be shown: credentials and query may be secrets. */
export function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string')
    return JSON.stringify(url.replace(/\?.*/s, '?…').replace(/\/\/[^/@]*@/, '//…@'));
  return `${url.protocol}//${url.host}${url.pathname}`;
}
