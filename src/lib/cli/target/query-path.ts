import { isQueryError, type KiteQuery, parseQueryPath, validateQuery } from '../../protocol/query.js';
import { usageError } from '../runtime/cli-error.js';

/**
 * Parses a query path.
 *
 * @throws CliError that names `source`, if the query is invalid
 */
export function requireQuery(path: string, source: string): KiteQuery {
  try {
    const query = parseQueryPath(path);
    validateQuery(query);
    return query;
  } catch (error) {
    if (!isQueryError(error)) throw error;
    throw usageError(
      `${source} is not a valid query: ${path}: ${error.message}`,
      'A query is /user/environment/name/version/region/hostname/id; fields at the end can be omitted.',
    );
  }
}
