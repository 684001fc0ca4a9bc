/**
 * An extension of one hop, a WebSocket or an HTTP session: `lines` allows frames that contain messages as lines, and `binary`,
 * which needs `lines`, binary messages of a WebSocket. A client asks for extensions in the query of the session URL, which other
 * servers and proxies ignore, and a server names those that it supports in the open frame. A server that was asked may use them
 * at once, and a client after the open frame.
 */
export type HopExtension = 'lines' | 'binary';

const SUPPORTED: readonly HopExtension[] = ['lines', 'binary'];
const PARAMETER = 'extensions';
const QUERY = `${PARAMETER}=${SUPPORTED.join()}`;
const NONE: readonly HopExtension[] = [];

/** Returns the path and query of a session that asks for the supported extensions. */
export function withExtensions(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${QUERY}`;
}

/** Returns the supported extensions that the URL of a session asks for. */
export function requestedExtensions(url: string): readonly HopExtension[] {
  const start = url.indexOf('?');
  if (start === -1) return NONE;
  // What kites of this version send.
  if (url.length === start + 1 + QUERY.length && url.endsWith(QUERY)) return SUPPORTED;
  if (!url.includes(`${PARAMETER}=`, start)) return NONE;
  return supportedAmong(new URLSearchParams(url.slice(start + 1)).get(PARAMETER)?.split(',') ?? []);
}

/** Returns the supported extensions in a list of names. */
export function supportedAmong(names: readonly unknown[]): readonly HopExtension[] {
  if (!names.includes('lines')) return NONE;
  return SUPPORTED.every((name) => names.includes(name))
    ? SUPPORTED
    : SUPPORTED.filter((name) => names.includes(name));
}

/** Returns those of the extensions that a session over HTTP can use, whose bodies are text. */
export function withoutBinary(extensions: readonly HopExtension[]): readonly HopExtension[] {
  return extensions.filter((name) => name !== 'binary');
}
