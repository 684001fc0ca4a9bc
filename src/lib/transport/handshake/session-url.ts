/**
 * Path and query of a request for something under a base URL. The path goes before the query: a query on the base URL is
 * kept on every request, as proxies that route by it need.
 */
export function pathUnder(base: URL, path: string): string {
  return base.pathname.replace(/\/+$/, '') + path + base.search;
}

/** Whether what is under a URL is reached over TLS. */
export function isSecure({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'wss:';
}

/** The host as it is connected to: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/** Reads a base URL, relative to `here` where that is given; undefined when it is none, or of another scheme. */
export function parseBaseUrl(text: string, here?: string): URL | undefined {
  try {
    const url = new URL(text, here);
    return SCHEMES.has(url.protocol) && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** A URL as it may be shown: credentials and query may be secrets. */
export function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string')
    return JSON.stringify(url.replace(/\?.*/s, '?…').replace(/\/\/[^/@]*@/, '//…@'));
  return `${url.protocol}//${url.host}${url.pathname}`;
}
