import { configurationError, notFound, usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import { suggest } from '../runtime/suggest.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { allKeys, entryAccount, type KeyEntry, type KeySearch } from './all-keys.js';
import { describeLocation, type KeyLocation, locationData } from '../settings/key-location.js';
import { findKey } from '../target/find-key.js';
import { deleteKey } from './store-key.js';

export interface KeySelection extends KeySearch {
  /** `user@kontrol`, as `keys list -o name` prints. Default: the active key. */
  readonly account: string | undefined;
}

/**
 * Finds the key of an account.
 *
 * @throws CliError with exit code 5 if no key or more than one key matches
 */
export async function selectKey(options: KeySelection): Promise<KeyEntry> {
  const { account } = options;
  if (account === undefined) {
    const found = await findKey(options.settings);
    if (!found)
      throw notFound('There is no kite key.', 'Get one with: kitectl register --to URL --username NAME');
    return { ...found, problem: '', inUse: true, contexts: [] };
  }
  const entries = await allKeys(options);
  const matches = entries.filter((entry) => entryAccount(entry) === account);
  const [only] = matches;
  if (only && matches.length === 1) return only;
  if (only) {
    const locations = matches.map(({ location }) => describeLocation(location));
    throw notFound(
      `There are ${matches.length} kite keys of ${account}: ${locations.join(', ')}`,
      'Select one with --key-file PATH or --context NAME.',
    );
  }
  const suggestion = suggest(account, entries.map(entryAccount));
  throw notFound(
    `There is no kite key of ${account}.`,
    suggestion ? `Did you mean ${suggestion}?` : 'List the kite keys with: kitectl keys list',
  );
}

/**
 * Removes a kite key after confirmation.
 *
 * @throws CliError if the removal is not confirmed, or if the key cannot be removed
 */
export async function removeKey(
  options: KeySelection & { readonly yes: boolean; readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { location, key } = await selectKey(options);
  if (location.type === 'variable') throw variableKeyError();
  const source = describeLocation(location);
  const owner = key ? ` of ${key.username}` : '';
  await requireConfirmation(
    `Remove the kite key${owner} in ${source}? This cannot be undone.`,
    options.yes,
    runtime,
  );
  if (!(await deleteKey(location))) throw missingKeyError(location);
  await printDetails(
    {
      fields: [{ label: 'Removed', value: source }],
      data: { removed: locationData(location) },
      name: source,
      lines: [`Removed the kite key${owner} in ${source}.`],
    },
    options.format,
    runtime,
  );
}

function variableKeyError(): Error {
  return usageError(
    'The active kite key is in the environment variable KITE_KEY and cannot be removed.',
    'Unset KITE_KEY, or pass a file with --key-file PATH.',
  );
}

function missingKeyError(location: KeyLocation): Error {
  return configurationError(
    `The kite key in ${describeLocation(location)} no longer exists.`,
    'List the kite keys with: kitectl keys list',
  );
}
