import { dirname } from 'node:path';
import {
  type KiteKey,
  kiteKeyPath,
  parseKiteKey,
  readKiteKeyFile,
  writeKiteKeyFile,
} from '../../keys/index.js';
import { findKiteKey } from '../../kite/config/find-kite-key.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { Environment, SettingSource } from '../../kite/config/resolve-setting.js';
import { hasCode } from '../../protocol/errors.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, type KeyLocation } from '../settings/key-location.js';
import { messageOf } from '../../util/message-of.js';
import { type Keychain, openKeychain } from './keychain.js';

/** Where the kite key is, and what says so. */
export interface ResolvedKeyLocation {
  readonly location: KeyLocation;
  readonly chosenBy: SettingSource;
}

export interface FoundKey extends ResolvedKeyLocation {
  readonly key: KiteKey;
  /** The place, for people. */
  readonly source: string;
}

/**
 * Where the kite key is: where the settings say, else in the kite home.
 *
 * @throws CliError where the context that is named does not exist, or says that the keychain has the key and not whose
 */
export function resolveKeyLocation(settings: CommandSettings): ResolvedKeyLocation {
  const { value, source } = settings.resolve(commonSettings.kiteKey);
  return { location: value ?? { type: 'file', file: kiteKeyPath(kiteHome(settings.env)) }, chosenBy: source };
}

/**
 * The kite key that this person uses. Undefined: nobody named one, and there is none in the kite home.
 *
 * @throws CliError or ConfigurationError where there is one that cannot be used, and where one that was named is missing
 */
export async function findKey(
  settings: CommandSettings,
  open: () => Promise<Keychain> = openKeychain,
): Promise<FoundKey | undefined> {
  const chosen = resolveKeyLocation(settings);
  const key = await readKey(chosen.location, settings.env, open).catch((error: unknown) => {
    const isDefault = chosen.chosenBy.type === 'default';
    if (isDefault && hasCode(error, 'keyFileMissing')) return undefined;
    throw error;
  });
  return key && { ...chosen, key, source: describeLocation(chosen.location) };
}

/**
 * The kite key at a place.
 *
 * @throws CliError or ConfigurationError where there is none, or one that cannot be used
 */
export async function readKey(
  place: KeyLocation,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): Promise<KiteKey> {
  switch (place.type) {
    case 'file':
      return readKiteKeyFile(place.file);
    case 'variable': {
      const key = findKiteKey(undefined, env);
      if (key) return key;
      throw configurationError('KITE_KEY is not set.', 'Set it to a kite key.');
    }
    case 'keychain':
      return readKeychainKey(place.account, await open());
  }
}

/**
 * Puts a kite key in its place, where there may be another one.
 *
 * @throws CliError or ConfigurationError where it cannot be kept
 */
export async function writeKey(
  jwt: string,
  place: KeyLocation,
  {
    force,
    open = openKeychain,
  }: { readonly force: boolean; readonly open?: (() => Promise<Keychain>) | undefined },
): Promise<void> {
  switch (place.type) {
    case 'file':
      await writeKiteKeyFile(jwt, { home: dirname(place.file), file: place.file, force });
      return;
    case 'keychain':
      await (await open()).set(place.account, jwt);
      return;
    case 'variable':
      throw configurationError(
        'The kite key is in the environment variable KITE_KEY, which only you can change.',
        'Keep the kite key in a file, or set KITE_KEY to a new one.',
      );
  }
}

async function readKeychainKey(account: string, keychain: Keychain): Promise<KiteKey> {
  const jwt = await keychain.get(account);
  if (jwt === undefined) {
    throw configurationError(
      `There is no kite key of ${account} in the keychain.`,
      'See which there are with: kitectl keys list --key-store keychain. Get one with: kitectl register --key-store keychain',
    );
  }
  try {
    return parseKiteKey(jwt);
  } catch (error) {
    throw configurationError(
      `What the keychain has as ${account} is not a kite key: ${messageOf(error)}.`,
      'Get a new one with: kitectl register --key-store keychain --force',
      error,
    );
  }
}
