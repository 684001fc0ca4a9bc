import { isKiteError, KiteError } from './errors.js';
import { IDENTITY_FIELDS, type KiteIdentity } from './identity.js';
import { parseVersion } from './version.js';
import { isVersionConstraintError, parseVersionConstraint } from './version-constraint.js';
import { QUOTED_LENGTH } from './protocol-limits.js';

/** Which kites are asked for. A field that is not set lets every value through. */
export type KiteQuery = { readonly [Field in keyof KiteIdentity]?: string };

export type QueryField = keyof KiteIdentity;

/** A query that cannot be answered. On the wire it is a `genericError`, as the reference has it. */
export class QueryError extends KiteError {
  override readonly name = 'QueryError';
  /** The field that is wrong or missing, where it is one. */
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
 * The query in an argument of a call, whatever the peer sent: fields that are missing, null or empty are not set, others
 * than the seven are ignored.
 *
 * @throws QueryError where it is no object, or one of the seven is no text
 */
export function parseQuery(value: unknown): KiteQuery {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new QueryError('Invalid query. It must be an object with the fields of a kite');
  }
  const given = value as Record<string, unknown>;
  const query: { -readonly [Field in QueryField]?: string } = {};
  for (const field of IDENTITY_FIELDS) {
    const content = Object.hasOwn(given, field) ? given[field] : undefined;
    if (content === undefined || content === null || content === '') continue;
    if (typeof content !== 'string')
      throw new QueryError(`Invalid query. Query option is not a string: ${field}`, field);
    query[field] = content;
  }
  return query;
}

/**
 * A query written as a path, `/user/environment/name/version/region/hostname/id`, of which the end may be missing. The
 * version may be a constraint: `/user/prod/math/>= 1.0, < 2.0`. A full kite path is a query for that kite. An id alone
 * is `///////<id>`.
 *
 * @throws QueryError where there are more than seven parts
 */
export function parseQueryPath(path: string): KiteQuery {
  const parts = path.trim().replace(/^\//, '').replace(/\/$/, '').split('/');
  if (parts.length > IDENTITY_FIELDS.length) {
    throw new QueryError(`Invalid query. ${shown(path)} has more parts than /${IDENTITY_FIELDS.join('/')}`);
  }
  return parseQuery(Object.fromEntries(IDENTITY_FIELDS.map((field, index) => [field, parts[index]?.trim()])));
}

/** The path of a query, without what is not set at its end. */
export function formatQueryPath(query: KiteQuery): string {
  const parts = IDENTITY_FIELDS.map((field) => query[field] ?? '');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return `/${parts.join('/')}`;
}

/**
 * Checks that a query can be answered: an id alone, or a username and no gap up to its last field, and a version that is
 * a version or a constraint.
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
 * What tells of each kite whether the query asks for it. A kite whose version is no version is found by queries without
 * one.
 *
 * @throws QueryError where the query is not valid
 */
export function queryMatcher(query: KiteQuery): (kite: KiteIdentity) => boolean {
  validateQuery(query);
  const exact = IDENTITY_FIELDS.filter((field) => field !== 'version' && query[field]);
  const version = query.version ? versionMatcher(query.version) : undefined;
  return (kite) =>
    exact.every((field) => kite[field] === query[field]) && (version === undefined || version(kite.version));
}

/** Whether no field of a query is set. Kontrol takes that for all the kites that its policy lets the caller find. */
export function matchesEveryKite(query: KiteQuery): boolean {
  return IDENTITY_FIELDS.every((field) => !query[field]);
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

function shown(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_LENGTH));
}
