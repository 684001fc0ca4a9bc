/** The kite and path that a request below `/proxy/` is for. */
export type RequestTarget =
  | {
      readonly type: 'kite';
      readonly id: string;
      /** Path below the kite's URL, empty or starting with a slash, and the query. */
      readonly rest: string;
    }
  | { readonly type: 'notFound' }
  | { readonly type: 'invalid' };

export type CleanPath =
  | { readonly type: 'clean'; readonly path: string }
  /** The path leads out of its root with `..`. */
  | { readonly type: 'outside' }
  | { readonly type: 'invalid' };

const REQUEST_TARGET = /^\/proxy\/([\w-][\w.-]{0,127})((?:\/[^?]*)?)((?:\?.*)?)$/s;
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[\da-f]{2})*$/i;
// An encoded slash, backslash or control character.
const ENCODED_SEPARATOR = /%(?:2f|5c|[01][\da-f]|7f)/i;
const QUERY = /^[!-"$-~]*$/;

/**
 * Parses the target of a request. A path that the kite's server might interpret differently is invalid, because it could lead
 * out of the kite's path.
 */
export function parseRequestTarget(target: string): RequestTarget {
  const match = REQUEST_TARGET.exec(target);
  if (!match) return { type: 'notFound' };
  const [, id = '', path = '', query = ''] = match;
  const clean = cleanPath(path);
  if (clean.type === 'outside') return { type: 'notFound' };
  if (clean.type === 'invalid' || !QUERY.test(query)) return { type: 'invalid' };
  return { type: 'kite', id, rest: clean.path + query };
}

/** Resolves `.` and `..` in a path, encoded or not. The result is empty or starts with a single slash. */
export function cleanPath(path: string): CleanPath {
  if (path === '') return { type: 'clean', path };
  if (!PATH.test(path) || ENCODED_SEPARATOR.test(path)) return { type: 'invalid' };
  const segments: string[] = [];
  const original = path.split('/').slice(1);
  for (const [index, segment] of original.entries()) {
    const decoded = segment.replace(/%2e/gi, '.');
    const last = index === original.length - 1;
    if (decoded === '..' && segments.pop() === undefined) return { type: 'outside' };
    if (decoded !== '..' && decoded !== '.') segments.push(segment);
    else if (last) segments.push('');
  }
  // A path that starts with "//host/" would be parsed as a host name.
  return { type: 'clean', path: `/${segments.join('/').replace(/^\/+/, '')}` };
}
