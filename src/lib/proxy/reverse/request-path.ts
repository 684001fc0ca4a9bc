/** The path and query of a request, which are safe to forward. */
export interface ForwardedPath {
  readonly type: 'forwarded';
  /** Empty or starting with a slash. `.` and `..` are resolved. */
  readonly path: string;
  /** Empty or starting with a question mark. */
  readonly query: string;
}

/** The kite and path that a request below `/proxy/` is for. */
export type RequestTarget =
  | {
      readonly type: 'kite';
      readonly id: string;
      /** Path below the kite's URL, empty or starting with a slash, and the query. */
      readonly rest: string;
    }
  | UnforwardedPath;

/** Why a request is not forwarded. */
export type UnforwardedPath = { readonly type: 'notFound' } | { readonly type: 'invalid' };

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
  const forwarded = forwardedPath(path, query);
  if (forwarded.type !== 'forwarded') return forwarded;
  return { type: 'kite', id, rest: forwarded.path + forwarded.query };
}

/** Parses the path and query of a request to a host of its own. A request in absolute form is not found. */
export function parseHostTarget(target: string): ForwardedPath | UnforwardedPath {
  if (!target.startsWith('/')) return { type: 'notFound' };
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(target) ?? [];
  return forwardedPath(path, query);
}

/** Returns the part of a path below another one, empty or starting with a slash. Returns undefined if it is not below. */
export function pathBelow(path: string, root: string): string | undefined {
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

function forwardedPath(path: string, query: string): ForwardedPath | UnforwardedPath {
  const clean = cleanPath(path);
  if (clean.type === 'outside') return { type: 'notFound' };
  if (clean.type === 'invalid' || !QUERY.test(query)) return { type: 'invalid' };
  return { type: 'forwarded', path: clean.path, query };
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
