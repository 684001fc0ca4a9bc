import { IDENTITY_FIELDS, type KiteIdentity, kitePath } from '../lib/protocol/identity.js';
import { formatQueryPath, type KiteQuery, parseQueryPath, queryMatcher } from '../lib/protocol/query.js';
import { messageOf } from '../lib/util/message-of.js';

/** What the address of the page asks for. */
export type Route =
  /** All kites. */
  | { readonly type: 'all' }
  /** Those that a query asks for. */
  | { readonly type: 'query'; readonly path: string; readonly query: KiteQuery }
  /** One kite. */
  | { readonly type: 'kite'; readonly path: string; readonly id: string }
  /** Signing in, with a code that works once. */
  | { readonly type: 'sign-in'; readonly code: string }
  /** None that the page understands, and why. */
  | { readonly type: 'wrong'; readonly path: string; readonly problem: string };

const SIGN_IN = 'sign-in=';

/** The route in the part of an address behind the `#`. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  if (text.startsWith(SIGN_IN)) return { type: 'sign-in', code: text.slice(SIGN_IN.length) };
  const path = text.split('/').map(decodePart).join('/');
  try {
    const query = parseQueryPath(path);
    if (IDENTITY_FIELDS.every((field) => !query[field])) return { type: 'all' };
    // Throws where it cannot be asked.
    queryMatcher(query);
    const { id } = query;
    if (id !== undefined) return { type: 'kite', path: formatQueryPath(query), id };
    return { type: 'query', path: formatQueryPath(query), query };
  } catch (error) {
    return { type: 'wrong', path, problem: messageOf(error) };
  }
}

/** The address of one kite. */
export function kiteHref(kite: KiteIdentity): string {
  return pathHref(kitePath(kite));
}

/** The address of what a path asks for. */
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
