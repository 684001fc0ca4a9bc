import { configurationError, notFound, usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import { suggest } from '../runtime/suggest.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { allKeys, entryAccount, type KeyEntry, type KeysChoice } from './all-keys.js';
import { describeLocation, type KeyLocation, locationData } from '../settings/key-location.js';
import { findKey } from '../target/find-key.js';
import { removeKey } from './store-key.js';

export interface NamedKey extends KeysChoice {
  /** `user@kontrol`, as `keys list -o name` prints. Undefined: the key in use. */
  readonly account: string | undefined;
}

/**
 * The one key that is meant.
 *
 * @throws CliError with exit code 5 where there is none, or it is not clear which
 */
export async function findNamedKey(options: NamedKey): Promise<KeyEntry> {
  const { account } = options;
  if (account === undefined) {
    const found = await findKey(options.settings);
    if (!found) throw notFound('You have no kite key.', 'Get one with: kitectl register');
    return { ...found, problem: '', inUse: true, contexts: [] };
  }
  const entries = await allKeys(options);
  const meant = entries.filter((entry) => entryAccount(entry) === account);
  const [only] = meant;
  if (only && meant.length === 1) return only;
  if (only) {
    const places = meant.map(({ location }) => describeLocation(location));
    throw notFound(
      `There are ${meant.length} kite keys of ${account}: ${places.join(', ')}.`,
      'Name a file with --key-file, or a context with --context.',
    );
  }
  const near = suggest(account, entries.map(entryAccount));
  throw notFound(
    `There is no kite key of ${account}.`,
    near ? `Did you mean ${near}?` : 'See what there is with: kitectl keys list',
  );
}

/**
 * Removes a kite key, once the person says that they mean it.
 *
 * @throws CliError where they do not, or it cannot be removed
 */
export async function forgetKey(
  options: NamedKey & { readonly yes: boolean; readonly format: OutputFormat | undefined },
  runtime: CommandRuntime,
): Promise<void> {
  const { location, key } = await findNamedKey(options);
  if (location.type === 'variable') throw variable();
  const source = describeLocation(location);
  const whose = key ? ` of ${key.username}` : '';
  await requireConfirmation(
    `Remove the kite key${whose} in ${source}? There is no copy.`,
    options.yes,
    runtime,
  );
  if (!(await removeKey(location))) throw gone(location);
  await printDetails(
    {
      fields: [{ label: 'Removed', value: source }],
      data: { removed: locationData(location) },
      name: source,
      text: `Removed the kite key${whose} in ${source}.\n`,
    },
    options.format,
    runtime,
  );
}

function variable(): Error {
  return usageError(
    'The kite key in use is in the variable KITE_KEY, which cannot be removed from here.',
    'Remove it there: unset KITE_KEY. Or name a file with --key-file PATH',
  );
}

function gone(place: KeyLocation): Error {
  return configurationError(
    `There is no kite key in ${describeLocation(place)} any more.`,
    'See what there is with: kitectl keys list',
  );
}
