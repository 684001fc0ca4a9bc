import { type KiteIdentity, kitePath } from '../lib/protocol/identity.js';
import {
  exactQuery,
  exactValue,
  formatQueryPath,
  type KiteQuery,
  matchesEveryKite,
  parseQueryPath,
  queryMatcher,
} from '../lib/protocol/query.js';
import { messageOf } from '../lib/util/message-of.js';

/** What the hash of the page's URL selects. */
export type PageRoute =
  /** All kites. */
  | { readonly type: 'all' }
  /** The kites that match a query. */
  | { readonly type: 'query'; readonly path: string; readonly query: KiteQuery }
  /** One kite. */
  | { readonly type: 'kite'; readonly path: string; readonly id: string }
  /** Sign in with a single-use code. */
  | { readonly type: 'sign-in'; readonly code: string }
  /** An invalid route, and the reason. */
  | { readonly type: 'invalid'; readonly path: string; readonly problem: string };

const SIGN_IN = 'sign-in=';

/** Parses the hash of a URL. */
export function parseRoute(hash: string): PageRoute {
  const text = hash.replace(/^#/, '');
  if (text.startsWith(SIGN_IN)) return { type: 'sign-in', code: text.slice(SIGN_IN.length) };
  const path = text.split('/').map(decodePart).join('/');
  try {
    const query = parseQueryPath(path);
    if (matchesEveryKite(query)) return { type: 'all' };
    // Throws if the query is invalid.
    queryMatcher(query);
    const id = exactValue(query, 'id');
    if (id !== undefined) return { type: 'kite', path: formatQueryPath(query), id };
    return { type: 'query', path: formatQueryPath(query), query };
  } catch (error) {
    return { type: 'invalid', path, problem: messageOf(error) };
  }
}

/** Returns the link to a kite. */
export function kiteHref(kite: KiteIdentity): string {
  return pathHref(kitePath(kite));
}

/** Returns the link to the kites with these fields, such as a user and an environment. */
export function fieldsHref(fields: KiteQuery): string {
  return pathHref(formatQueryPath(exactQuery(fields)));
}

/** Returns the link to the kites that match a path. */
export function pathHref(path: string): string {
  return `#${path.split('/').map(encodeURIComponent).join('/')}`;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
