/**
 * Returns the path and query of a request to a path under a base URL. Each request includes the query of the base URL, for
 * proxies that route by it.
 */
export function requestPath(base: URL, path: string): string {
  return base.pathname.replace(/\/+$/, '') + path + base.search;
}

/** Whether a URL uses TLS. */
export function isSecure({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'wss:';
}

/** Returns the host to connect to, with the brackets of an IPv6 address removed. */
export function dialHost({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** Returns the port to connect to. */
export function dialPort(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return isSecure(url) ? 443 : 80;
}

/** Returns the host and the port, such as `kite.example.com:443`: the address of a server that a proxy connects to. */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${dialPort(url)}`;
}

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/** Parses a base URL, relative to `baseUrl` if it is set. Returns undefined if it is invalid or has another scheme. */
export function parseBaseUrl(text: string, baseUrl?: string): URL | undefined {
  try {
    const url = new URL(text, baseUrl);
    return SCHEMES.has(url.protocol) && url.hostname !== '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Returns a URL for messages, without credentials and query, which may be secret. */
export function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string') return JSON.stringify(withoutUrlSecrets(url).replace(/\?.*/s, '?…'));
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * Returns text without the credentials and the query of a URL in it. The URL may be invalid: a password in it may contain any
 * character.
 */
export function withoutUrlSecrets(text: string): string {
  return text
    .replace(/(:\/+|\/\/).*@/s, '$1…@')
    .replace(/(^|[\s,])[^/@\s,]*@/g, '$1…@')
    .replaceAll(/(:\/+[^?,\s]*\?)[^,\s]*/g, '$1…');
}
