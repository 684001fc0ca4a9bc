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
import { keyExists, planStore, deleteKey, type StorePlan, storeKey } from './store-key.js';

export interface MoveKeyOptions {
  readonly settings: CommandSettings;
  readonly to: KeyStore;
  /** Replace an existing key. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
}

/**
 * Moves the active kite key to another key store and updates the context. The key is removed from the old store only after
 * it has been read back from the new one.
 *
 * @throws CliError if the key cannot be moved; it is then still in the old store
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
      'The active kite key is in the environment variable KITE_KEY and cannot be moved.',
      'Pass the file of the key to move with --key-file PATH.',
    );
  }
  const plan = await planStore(settings.with(commonSettings.keyStore, to), open);
  const location = from.type === to ? from : await copyToStore(key.jwt, plan, env, { force, open });
  if (from.type !== to) await deleteKey(from, open);
  const target = describeLocation(location);
  const line =
    from.type === to
      ? `The kite key of ${key.username} is already in ${target}.`
      : `Moved the kite key of ${key.username} from ${describeLocation(from)} to ${target}.`;
  await printDetails(
    {
      fields: [
        { label: 'Username', value: key.username },
        { label: 'Kite key', value: target },
      ],
      data: { username: key.username, kontrolURL: key.kontrolUrl, ...locationData(location) },
      name: keychainAccount(key),
      lines: [line],
    },
    format,
    runtime,
  );
}

async function copyToStore(
  jwt: string,
  plan: StorePlan,
  env: CommandRuntime['env'],
  { force, open }: { readonly force: boolean; readonly open: () => Promise<Keychain> },
): Promise<KeyLocation> {
  if (!force && (await keyExists(plan, parseKiteKey(jwt)))) {
    throw configurationError(
      `A kite key already exists in ${plan.keyStore === 'file' ? plan.file : 'the keychain'}; nothing was moved.`,
      'Replace it with --force.',
    );
  }
  const location = await storeKey(jwt, plan, env, { force });
  const storedKey = await readKey(location, env, open);
  if (storedKey.jwt === jwt) return location;
  throw configurationError(
    `The kite key could not be read back from ${describeLocation(location)}; the old one was not removed.`,
    'Check the key store, and try again.',
  );
}
