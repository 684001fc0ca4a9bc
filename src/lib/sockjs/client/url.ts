import { unescape } from 'node:querystring';

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

/** `user:password`, as Basic authentication wants them; undefined where the URL has none. */
export function credentialsOf({ username, password }: URL): string | undefined {
  return username === '' && password === '' ? undefined : `${unescape(username)}:${unescape(password)}`;
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

/** A URL as it may be shown: credentials and query may be secrets. */
export function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string')
    return JSON.stringify(url.replace(/\?.*/s, '?…').replace(/\/\/[^/@]*@/, '//…@'));
  return `${url.protocol}//${url.host}${url.pathname}`;
}
