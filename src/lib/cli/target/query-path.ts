import { IDENTITY_FIELDS } from '../../protocol/identity.js';
import {
  isQueryError,
  type KiteQuery,
  parseQuery,
  parseQueryPath,
  validateQuery,
} from '../../protocol/query.js';
import { type CliError, usageError } from '../runtime/cli-error.js';

/**
 * Parses a query path. `source` is the setting that contains it, for the message. Default: an argument.
 *
 * @throws CliError if the query is invalid
 */
export function requireQuery(path: string, source?: string): KiteQuery {
  const invalid = (reason: string): CliError =>
    usageError(
      `Invalid query ${JSON.stringify(path)}${origin(source)}: ${reason}`,
      'A query is /user/environment/name/version/region/hostname/id; fields at the end can be omitted.',
    );
  // As in --to, where the slash distinguishes a query from a URL.
  if (!path.trim().startsWith('/')) throw invalid('it does not start with /');
  try {
    const query = parseQueryPath(path);
    validateQuery(query);
    return query;
  } catch (error) {
    if (!isQueryError(error)) throw error;
    throw invalid(reasonOf(error.message));
  }
}

/** Whether a query has only an id, which needs no username. */
export function isIdOnly(query: KiteQuery): boolean {
  return Object.keys(query).join() === 'id';
}

/**
 * Checks the fields of a query. A username is not required: it is that of the user by default.
 *
 * @throws CliError if the query is invalid
 */
export function requireFields(fields: KiteQuery): KiteQuery {
  try {
    const query = parseQuery(fields);
    validateQuery(isIdOnly(query) ? query : { username: '-', ...query });
    return query;
  } catch (error) {
    if (!isQueryError(error)) throw error;
    throw usageError(
      `Invalid query: ${reasonOf(error.message)}`,
      `Set all fields before the last one (${IDENTITY_FIELDS.map((field) => `--${field}`).join(', ')}), or only --id.`,
    );
  }
}

function origin(source: string | undefined): string {
  return source === undefined ? '' : ` in ${source.replace(/^The /, 'the ')}`;
}

/** Rewords the message of a query error, which is part of the protocol. */
function reasonOf(message: string): string {
  if (message === 'Empty username field') return 'the username is empty';
  const [, problem, field] = /^Invalid query\. Query option (.+): (.+)$/.exec(message) ?? [];
  if (problem !== undefined) return `the ${field} ${problem}`;
  const reason = message.replace(/^Invalid query\. /, '');
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}
