/** The path under which callers reach kites: `/proxy/…?kiteID=…`. */
export const CALLERS_PATH = '/proxy';

/** A caller's request: for which kite, and for what. */
export interface CallerUrl {
  /** What the caller says that the kite's id is. */
  readonly kite: string;
  /** Path and query as SockJS wants them: `/proxy/042/8f0c/xhr?kiteID=…`. */
  readonly url: string;
}

/**
 * Reads the path and query of a caller's request. Clients in Go, over XHR, and whoever appends the path to the public URL,
 * put it behind the query, `/proxy?kiteID=<id>/042/8f0c/xhr`: they are understood too. Undefined where no kite is named.
 */
export function readCallerUrl(requestUrl: string): CallerUrl | undefined {
  const mark = requestUrl.indexOf('?');
  if (mark === -1) return undefined;
  const path = requestUrl.slice(0, mark);
  const named = new URLSearchParams(requestUrl.slice(mark + 1)).get('kiteID') ?? '';
  const [, kite = '', behind = ''] = NAMED.exec(named) ?? [];
  if (kite === '') return undefined;
  const bare = path === CALLERS_PATH || path === `${CALLERS_PATH}/`;
  return { kite, url: `${bare ? CALLERS_PATH + behind : path}?kiteID=${kite}` };
}

/** An id, as the proxy takes it at registration, and perhaps a path with a query of its own. */
const NAMED = /^([\w-][\w.-]{0,127})(\/[\w./-]*)?(?:\?.*)?$/;

/** The kite in the URL of a request that `readCallerUrl` has brought into form. */
export function kiteIn(url: string | undefined): string {
  return url?.slice(url.lastIndexOf('=') + 1) ?? '';
}
