import { isKiteError, KiteError } from './errors.js';
import { IDENTITY_FIELDS, type KiteIdentity } from './identity.js';
import { parseVersion } from './version.js';
import { isVersionConstraintError, parseVersionConstraint } from './version-constraint.js';
import { QUOTED_LENGTH } from './protocol-limits.js';
import { jsonObject } from '../util/record.js';

/** A query for kites. A field that is not set matches every value. */
export type KiteQuery = { readonly [Field in keyof KiteIdentity]?: string };

export type QueryField = keyof KiteIdentity;

/** An invalid query. On the wire it is a `genericError`, as in the Go implementation. */
export class QueryError extends KiteError {
  override readonly name = 'QueryError';
  /** The field that is invalid or missing. Undefined if the error does not concern one field. */
  readonly field: QueryField | undefined;

  constructor(message: string, field?: QueryField) {
    super('genericError', message);
    this.field = field;
  }
}

export function isQueryError(error: unknown): error is QueryError {
  return isKiteError(error) && error.name === 'QueryError';
}

/**
 * Parses the query in an argument of a call. Fields that are missing, null or empty are not set. Unknown fields are ignored.
 *
 * @throws QueryError if it is not an object, or one of the fields is not a string
 */
export function parseQuery(value: unknown): KiteQuery {
  const fields = jsonObject(value);
  if (!fields) throw new QueryError('Invalid query. It must be an object with the fields of a kite');
  const query: { -readonly [Field in QueryField]?: string } = {};
  for (const field of IDENTITY_FIELDS) {
    const content = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (content === undefined || content === null || content === '') continue;
    if (typeof content !== 'string')
      throw new QueryError(`Invalid query. Query option is not a string: ${field}`, field);
    query[field] = content;
  }
  return query;
}

/**
 * Parses a query in the form of a path, `/user/environment/name/version/region/hostname/id`. Trailing parts may be omitted. The
 * version may be a constraint: `/user/prod/math/>= 1.0, < 2.0`. A complete kite path is a query for that kite. A query for an id
 * alone is `///////<id>`.
 *
 * @throws QueryError if there are more than seven parts
 */
export function parseQueryPath(path: string): KiteQuery {
  const parts = path.trim().replace(/^\//, '').replace(/\/$/, '').split('/');
  if (parts.length > IDENTITY_FIELDS.length) {
    throw new QueryError(
      `Invalid query. ${quoteInput(path)} has more parts than /${IDENTITY_FIELDS.join('/')}`,
    );
  }
  return parseQuery(Object.fromEntries(IDENTITY_FIELDS.map((field, index) => [field, parts[index]?.trim()])));
}

/** Returns the path of a query, without trailing fields that are not set. */
export function formatQueryPath(query: KiteQuery): string {
  const parts = IDENTITY_FIELDS.map((field) => query[field] ?? '');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return `/${parts.join('/')}`;
}

/**
 * Checks that a query is valid: it has an id alone, or a username and all fields up to its last one, and its version is a
 * version or a constraint.
 *
 * @throws QueryError
 */
export function validateQuery(query: KiteQuery): void {
  for (const field of IDENTITY_FIELDS) {
    if (query[field]?.includes('/'))
      throw new QueryError(`Invalid query. Query option contains "/": ${field}`, field);
  }
  const set = IDENTITY_FIELDS.map((field) => Boolean(query[field]));
  const last = set.lastIndexOf(true);
  if (set.indexOf(true) === IDENTITY_FIELDS.length - 1) return;
  if (!query.username) throw new QueryError('Empty username field', 'username');
  const gap = IDENTITY_FIELDS[set.indexOf(false)];
  if (set.indexOf(false) !== -1 && set.indexOf(false) < last && gap) {
    throw new QueryError(`Invalid query. Query option is not set: ${gap}`, gap);
  }
  if (query.version) versionMatcher(query.version);
}

/**
 * Returns a function that decides whether a kite matches the query. A kite with an invalid version matches only queries without
 * a version.
 *
 * @throws QueryError if the query is invalid
 */
export function queryMatcher(query: KiteQuery): (kite: KiteIdentity) => boolean {
  validateQuery(query);
  const exact = IDENTITY_FIELDS.filter((field) => field !== 'version' && query[field]);
  const version = query.version ? versionMatcher(query.version) : undefined;
  return (kite) =>
    exact.every((field) => kite[field] === query[field]) && (version === undefined || version(kite.version));
}

/** Whether no field of a query is set. To Kontrol, such a query matches all kites that its policy allows the caller to find. */
export function matchesEveryKite(query: KiteQuery): boolean {
  return IDENTITY_FIELDS.every((field) => !query[field]);
}

/**
 * Like `queryMatcher`, for the queries of Kontrol, of which one without any field matches every kite.
 *
 * @throws QueryError if the query is invalid
 */
export function searchMatcher(query: KiteQuery): (kite: KiteIdentity) => boolean {
  return matchesEveryKite(query) ? () => true : queryMatcher(query);
}

function versionMatcher(text: string): (version: string) => boolean {
  try {
    const constraint = parseVersionConstraint(text);
    return (candidate) => {
      const version = parseVersion(candidate);
      return version !== undefined && constraint(version);
    };
  } catch (error) {
    if (!isVersionConstraintError(error)) throw error;
    throw new QueryError(`Invalid query. ${error.message}`, 'version');
  }
}

function quoteInput(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_LENGTH));
}
