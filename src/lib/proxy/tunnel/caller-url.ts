/** The path under which callers reach kites: `/proxy/…?kiteID=…`. */
export const CALLERS_PATH = '/proxy';

/** The kite that a caller's request names, and the path of the request. */
export interface CallerRoute {
  readonly kiteId: string;
  /** Path of the SockJS request, without the query: `/proxy/042/8f0c/xhr`. */
  readonly path: string;
}

/**
 * Parses the path and query of a caller's request. Also accepts a path that follows the query,
 * `/proxy?kiteID=<id>/042/8f0c/xhr`: clients that append the path to the public URL send it there, such as clients in Go over
 * XHR. Returns undefined if the URL does not contain a valid kite id.
 */
export function parseCallerUrl(requestUrl: string): CallerRoute | undefined {
  const queryStart = requestUrl.indexOf('?');
  if (queryStart === -1) return undefined;
  const path = requestUrl.slice(0, queryStart);
  const parameter = new URLSearchParams(requestUrl.slice(queryStart + 1)).get('kiteID') ?? '';
  const [, kiteId = '', appendedPath = ''] = KITE_ID_AND_PATH.exec(parameter) ?? [];
  if (kiteId === '') return undefined;
  const hasOwnPath = path !== CALLERS_PATH && path !== `${CALLERS_PATH}/`;
  return { kiteId, path: hasOwnPath ? path : CALLERS_PATH + appendedPath };
}

/** An id that the proxy accepts at registration, optionally followed by a path, which may have its own query. */
const KITE_ID_AND_PATH = /^([\w-][\w.-]{0,127})(\/[\w./-]*)?(?:\?.*)?$/;
