import { isQueryError, type KiteQuery, parseQueryPath, validateQuery } from '../../protocol/query.js';
import { usageError } from '../runtime/cli-error.js';

/**
 * Parses a query path. `source` is the setting that contains it, for the message. Default: an argument.
 *
 * @throws CliError if the query is invalid
 */
export function requireQuery(path: string, source?: string): KiteQuery {
  try {
    const query = parseQueryPath(path);
    validateQuery(query);
    return query;
  } catch (error) {
    if (!isQueryError(error)) throw error;
    const origin = source === undefined ? '' : ` in ${source.replace(/^The /, 'the ')}`;
    throw usageError(
      `Invalid query ${path}${origin}: ${reasonOf(error.message)}`,
      'A query is /user/environment/name/version/region/hostname/id; fields at the end can be omitted.',
    );
  }
}

/** Rewords the message of a query error, which is part of the protocol. */
function reasonOf(message: string): string {
  if (message === 'Empty username field') return 'the username is empty';
  const [, problem, field] = /^Invalid query\. Query option (.+): (.+)$/.exec(message) ?? [];
  if (problem !== undefined) return `the ${field} ${problem}`;
  const reason = message.replace(/^Invalid query\. /, '');
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}
