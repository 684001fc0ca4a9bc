import { isGlob, matchesEverything, unescapeGlob } from './glob.js';
import { IDENTITY_FIELDS } from './identity.js';
import { exactQuery, exactValue, type KiteQuery, mapFields, parseQuery } from './query.js';

/** A query in the arguments of `getKites`. */
export interface WireQuery {
  /**
   * The fields as they are, without globs. If there is `glob`, a query that also matches all of its kites, for a Kontrol that does
   * not know globs.
   */
  readonly query: KiteQuery;
  /** The query, if it contains globs. A Kontrol that knows it ignores `query`. */
  readonly glob?: KiteQuery;
}

/**
 * Returns the form of a query to send to Kontrol. The fields at the end that match everything are omitted.
 *
 * @throws QueryError if a field is not a string
 */
export function toWireQuery(query: KiteQuery): WireQuery {
  const fields = parseQuery(query);
  const last = IDENTITY_FIELDS.findLastIndex((field) => fields[field] && !matchesEverything(fields[field]));
  const isNeeded = (index: number): boolean => index <= last;
  const needed = pick(fields, isNeeded);
  const firstGlob = IDENTITY_FIELDS.findIndex((field) => isGlob(needed[field] ?? ''));
  if (firstGlob === -1) return { query: mapFields(needed, unescapeGlob) };
  const id = exactValue(needed, 'id');
  if (id !== undefined) return { query: { id }, glob: needed };
  return {
    query: mapFields(
      pick(needed, (index) => index < firstGlob),
      unescapeGlob,
    ),
    glob: needed,
  };
}

/**
 * Reads a query from the arguments of `getKites`.
 *
 * @throws QueryError if it is not an object with strings
 */
export function readWireQuery({ query, glob }: Readonly<Record<string, unknown>>): KiteQuery {
  return glob === undefined || glob === null ? exactQuery(parseQuery(query)) : parseQuery(glob);
}

function pick(query: KiteQuery, isPicked: (index: number) => boolean): KiteQuery {
  return Object.fromEntries(
    Object.entries(query).filter(([field]) => isPicked(IDENTITY_FIELDS.indexOf(field as keyof KiteQuery))),
  );
}
