import { isKiteError, KiteError } from './errors.js';
import { IDENTITY_FIELDS, type KiteIdentity } from './identity.js';
import { parseVersion } from './version.js';
import { isVersionConstraintError, parseVersionConstraint } from './version-constraint.js';
import {
  escapeGlob,
  globMatcher,
  type GlobMatcher,
  isGlob,
  matchesEverything,
  unescapeGlob,
} from './glob.js';
import { GLOBS_LENGTH, QUOTED_LENGTH } from './protocol-limits.js';
import { jsonObject } from '../util/record.js';

/**
 * A query for kites. A field that is not set matches every value. In each field, `*` matches any text and `?` one character; `\*`
 * and `\?` are these characters themselves. `version` can be a constraint instead: `>= 1.0, < 2.0`.
 */
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
 * version may be a constraint: `/user/prod/math/>= 1.0, < 2.0`. Parts may be globs: `/user/prod/ma*`. A complete kite path is a
 * query for that kite. A query for an id alone is `///////<id>`.
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

/** Returns the query for kites whose fields are exactly these, also if they contain the wildcards of globs. */
export function exactQuery(fields: KiteQuery): KiteQuery {
  return Object.values(fields).some((value) => escapeGlob(value) !== value)
    ? mapFields(fields, escapeGlob)
    : fields;
}

/** Whether a field of a query is a glob. */
export function hasGlobs(query: KiteQuery): boolean {
  return IDENTITY_FIELDS.some((field) => isGlob(query[field] ?? ''));
}

/**
 * Returns how long it takes at most to compare a kite with a query, as a multiple of the time for a query without globs: the values
 * and the globs can be long.
 */
export function matchingCost(query: KiteQuery): number {
  const globs = Object.values(query).filter((value) => isGlob(value) && !matchesEverything(value));
  return 1 + GLOB_COST * globs.length;
}

/** Returns a query with the fields that are set, each changed. */
export function mapFields(query: KiteQuery, map: (value: string) => string): KiteQuery {
  return Object.fromEntries(
    IDENTITY_FIELDS.flatMap((field) => {
      const value = query[field];
      return value ? [[field, map(value)]] : [];
    }),
  );
}

/**
 * Checks that a query is valid: it has an id alone, or a username and all fields up to its last one, and its version is a
 * version, a constraint or a glob.
 *
 * @throws QueryError
 */
export function validateQuery(query: KiteQuery): void {
  let length = 0;
  for (const field of IDENTITY_FIELDS) {
    const value = query[field] ?? '';
    if (value.includes('/'))
      throw new QueryError(`Invalid query. Query option contains "/": ${field}`, field);
    if (isGlob(value)) length += value.length;
    if (length > GLOBS_LENGTH) throw globsTooLong(field);
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
 * a version, and those whose version is a glob.
 *
 * @throws QueryError if the query is invalid
 */
export function queryMatcher(query: KiteQuery): (kite: KiteIdentity) => boolean {
  validateQuery(query);
  const { exact, others } = splitFields(query);
  return (kite) =>
    exact.every(([field, value]) => kite[field] === value) &&
    others.every(([field, matches]) => matches(kite[field]));
}

/** The fields of a query that match one value, with that value, and the matchers of all other fields that are set. */
interface SplitFields {
  readonly exact: readonly (readonly [QueryField, string])[];
  readonly others: readonly (readonly [QueryField, GlobMatcher])[];
}

function splitFields(query: KiteQuery): SplitFields {
  const exact: [QueryField, string][] = [];
  const others: [QueryField, GlobMatcher][] = [];
  for (const field of IDENTITY_FIELDS) {
    const value = query[field];
    if (!value || matchesEverything(value)) continue;
    if (field === 'version' || isGlob(value)) others.push([field, fieldMatcher(field, value)]);
    else exact.push([field, unescapeGlob(value)]);
  }
  return { exact, others };
}

/**
 * Returns a function that decides whether the value of a field matches this field of a query.
 *
 * @throws QueryError if it is a version that is invalid
 */
export function fieldMatcher(field: QueryField, value: string): GlobMatcher {
  return field === 'version' ? versionMatcher(value) : globMatcher(value);
}

/** Whether no field of a query is set. To Kontrol, such a query matches all kites that its policy allows the caller to find. */
export function matchesEveryKite(query: KiteQuery): boolean {
  return IDENTITY_FIELDS.every((field) => !query[field] || matchesEverything(query[field]));
}

/**
 * Like `queryMatcher`, for the queries of Kontrol, of which one without any field matches every kite.
 *
 * @throws QueryError if the query is invalid
 */
export function searchMatcher(query: KiteQuery): (kite: KiteIdentity) => boolean {
  return matchesEveryKite(query) ? () => true : queryMatcher(query);
}

/**
 * Returns the only value that a field of a query matches. Undefined if it is not set, a glob or a version: equal versions can be
 * written differently.
 */
export function exactValue(query: KiteQuery, field: QueryField): string | undefined {
  const value = query[field];
  return !value || field === 'version' || isGlob(value) ? undefined : unescapeGlob(value);
}

/** See `matchingCost`. */
const GLOB_COST = 4;

/** A version that is not a constraint. */
const GLOB_VERSION = /^[^<>=!~,]*$/;

function versionMatcher(text: string): (version: string) => boolean {
  if (isGlob(text) && GLOB_VERSION.test(text)) return globMatcher(text);
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

/** The error of Kontrol if no kite matches a query. Kontrol in Go also passes on the message of etcd for a missing key. */
export function noKitesFoundError(): KiteError {
  return new KiteError('genericError', 'no kites found');
}

/** The error of Kontrol if several kites match a query for one. */
export function severalKitesError(): KiteError {
  return new KiteError('genericError', 'query matches more than one kite');
}

function globsTooLong(field: QueryField): QueryError {
  return new QueryError(`Invalid query. Its globs are longer than ${GLOBS_LENGTH} characters`, field);
}

function quoteInput(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_LENGTH));
}
