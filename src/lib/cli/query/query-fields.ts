import { string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { IDENTITY_FIELDS } from '../../protocol/identity.js';
import type { KiteQuery, QueryField } from '../../protocol/query.js';
import { usageError } from '../runtime/cli-error.js';
import { requireFields } from '../target/query-path.js';

/** Defines a flag for a field of a query. It has no variable, unlike the field of the user's own kites. */
function fieldFlag(summary: string, helpValue = 'NAME') {
  return string({ summary, helpValue, helpGroup: 'QUERY' });
}

/** The fields of a query as flags, as in the Go implementation. */
export const queryFieldFlags = {
  username: fieldFlag('User of the kites. Default: you.'),
  environment: fieldFlag('Environment of the kites.'),
  name: fieldFlag('Name of the kites.'),
  version: fieldFlag('Version of the kites, or a constraint.', 'X.Y.Z'),
  region: fieldFlag('Region of the kites.'),
  hostname: fieldFlag('Host name of the kites.'),
  id: fieldFlag('Id of a kite; needs no other field.', 'ID'),
} satisfies Readonly<Record<QueryField, unknown>>;

/**
 * Returns the fields of a query that flags set, or undefined if none does. `path` is the query in the arguments.
 *
 * @throws CliError if there is a path as well, or the fields are not a valid query
 */
export function queryFields(
  flags: InferredFlags<typeof queryFieldFlags>,
  path: string | undefined,
): KiteQuery | undefined {
  const set = IDENTITY_FIELDS.filter((field) => flags[field] !== undefined);
  const [first] = set;
  if (first === undefined) return undefined;
  if (path !== undefined) throw usageError(`--${first} and a query path cannot be used together.`);
  return requireFields(Object.fromEntries(set.map((field) => [field, flags[field]?.trim()])));
}
