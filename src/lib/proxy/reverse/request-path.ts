/** What a request below `/proxy/` is for. */
export type Requested =
  | {
      readonly type: 'kite';
      readonly id: string;
      /** What is below the kite's URL, empty or beginning with a slash, with the query. */
      readonly rest: string;
    }
  | { readonly type: 'notFound' }
  | { readonly type: 'bad' };

export type CleanPath =
  | { readonly type: 'clean'; readonly path: string }
  /** It leads out of where it begins. */
  | { readonly type: 'above' }
  | { readonly type: 'bad' };

const REQUESTED = /^\/proxy\/([\w-][\w.-]{0,127})((?:\/[^?]*)?)((?:\?.*)?)$/s;
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[\da-f]{2})*$/i;
// A slash, a backslash or a control character that only shows once somebody decodes it.
const HIDDEN = /%(?:2f|5c|[01][\da-f]|7f)/i;
const QUERY = /^[!-"$-~]*$/;

/**
 * Takes the target of a request apart. Whatever the kite's server and this proxy might read differently is not passed on:
 * the kite's path could be left by it.
 */
export function readRequestTarget(target: string): Requested {
  const match = REQUESTED.exec(target);
  if (!match) return { type: 'notFound' };
  const [, id = '', path = '', query = ''] = match;
  const clean = cleanPath(path);
  if (clean.type === 'above') return { type: 'notFound' };
  if (clean.type === 'bad' || !QUERY.test(query)) return { type: 'bad' };
  return { type: 'kite', id, rest: clean.path + query };
}

/** A path without `.` and `..`, encoded or not, beginning with one slash or empty. */
export function cleanPath(path: string): CleanPath {
  if (path === '') return { type: 'clean', path };
  if (!PATH.test(path) || HIDDEN.test(path)) return { type: 'bad' };
  const segments: string[] = [];
  const given = path.split('/').slice(1);
  for (const [index, segment] of given.entries()) {
    const plain = segment.replace(/%2e/gi, '.');
    const last = index === given.length - 1;
    if (plain === '..' && segments.pop() === undefined) return { type: 'above' };
    if (plain !== '..' && plain !== '.') segments.push(segment);
    else if (last) segments.push('');
  }
  // "//host/" at the beginning would be read as the name of a host.
  return { type: 'clean', path: `/${segments.join('/').replace(/^\/+/, '')}` };
}
