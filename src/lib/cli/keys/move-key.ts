import { parseKiteKey } from '../../keys/index.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { KeyStore } from '../settings/contexts.js';
import {
  keychainAccount,
  describeLocation,
  type KeyLocation,
  locationData,
} from '../settings/key-location.js';
import { loadKiteKey } from '../target/choose-key.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { readKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';
import { isTaken, planStore, removeKey, type StorePlan, storeKey } from './store-key.js';

export interface MoveKeyOptions {
  readonly settings: CommandSettings;
  readonly to: KeyStore;
  /** Replace another key that is there. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Moves the kite key that is in use to another key store, and lets the context remember. The old one is removed only once
 * the new one has been read back, so that no failure loses it.
 *
 * @throws CliError where it cannot be moved; it is where it was then
 */
export async function moveKey(
  options: MoveKeyOptions,
  runtime: CommandRuntime,
  open: () => Promise<Keychain> = openKeychain,
): Promise<void> {
  const { settings, to, force, format } = options;
  const { env } = runtime;
  const { key, location: from } = await loadKiteKey(settings);
  if (from.type === 'variable') {
    throw usageError(
      'The kite key in use is in the variable KITE_KEY, which cannot be moved from here.',
      'Name the file with the key to move: --key-file PATH',
    );
  }
  const plan = await planStore(settings.with(commonSettings.keyStore, to), open);
  const place = from.type === to ? from : await copy(key.jwt, plan, env, { force, open });
  if (from.type !== to) await removeKey(from, open);
  const where = describeLocation(place);
  const said = from.type === to ? 'it was there already' : `it was moved from ${describeLocation(from)}`;
  await printDetails(
    {
      fields: [
        { label: 'Username', value: key.username },
        { label: 'Kite key', value: where },
      ],
      data: { username: key.username, kontrolURL: key.kontrolUrl, ...locationData(place) },
      name: keychainAccount(key),
      text: `Your kite key as ${key.username} is in ${where}; ${said}.\n`,
    },
    format,
    runtime,
  );
}

async function copy(
  jwt: string,
  plan: StorePlan,
  env: CommandRuntime['env'],
  { force, open }: { readonly force: boolean; readonly open: () => Promise<Keychain> },
): Promise<KeyLocation> {
  if (!force && (await isTaken(plan, parseKiteKey(jwt)))) {
    throw configurationError(
      `There is a kite key in ${plan.keyStore === 'file' ? plan.file : 'the keychain'} already; nothing was moved.`,
      'Replace it with --force.',
    );
  }
  const place = await storeKey(jwt, plan, env, { force });
  const back = await readKey(place, env, open);
  if (back.jwt === jwt) return place;
  throw configurationError(
    `What ${describeLocation(place)} gives back is not the kite key that was put in; the old one was left where it is.`,
    'Try again.',
  );
}
