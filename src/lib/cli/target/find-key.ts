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
import { toCliError } from '../frame/failures.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation, type KeyLocation } from '../settings/key-location.js';
import { messageOf } from '../../util/message-of.js';
import { type Keychain, openKeychain } from './keychain.js';

/** The location of the kite key, and the source of this setting. */
export interface ResolvedKeyLocation {
  readonly location: KeyLocation;
  readonly chosenBy: SettingSource;
}

export interface FoundKey extends ResolvedKeyLocation {
  readonly key: KiteKey;
  /** The location, for messages. */
  readonly source: string;
}

/**
 * Returns the location of the kite key, by default in the kite home.
 *
 * @throws CliError if the context does not exist, or if it uses the keychain and has no user or no Kontrol
 */
export function resolveKeyLocation(settings: CommandSettings): ResolvedKeyLocation {
  const { value, source } = settings.resolve(commonSettings.kiteKey);
  return { location: value ?? { type: 'file', file: kiteKeyPath(kiteHome(settings.env)) }, chosenBy: source };
}

/**
 * Returns the active kite key, or undefined if no setting defines its location and there is none in the kite home.
 *
 * @throws CliError or ConfigurationError if the key is invalid, or if it is missing at the location that a setting defines
 */
export async function findKey(
  settings: CommandSettings,
  open: () => Promise<Keychain> = openKeychain,
): Promise<FoundKey | undefined> {
  const resolved = resolveKeyLocation(settings);
  const key = await readKey(resolved.location, settings.env, open).catch((error: unknown) => {
    const isDefault = resolved.chosenBy.type === 'default';
    if (isDefault && hasCode(error, 'keyFileMissing')) return undefined;
    throw error;
  });
  return key && { ...resolved, key, source: describeLocation(resolved.location) };
}

/**
 * Reads the kite key at a location.
 *
 * @throws CliError or ConfigurationError if there is none, or if it is invalid
 */
export async function readKey(
  location: KeyLocation,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): Promise<KiteKey> {
  switch (location.type) {
    case 'file':
      return readKiteKeyFile(location.file);
    case 'variable': {
      const key = keyInVariable(env);
      if (key) return key;
      throw configurationError('KITE_KEY is not set.', 'Set it to a kite key.');
    }
    case 'keychain':
      return readKeychainKey(location.account, await open());
  }
}

/**
 * Writes a kite key to a location. `force` replaces an existing file; a key in the keychain is always replaced.
 *
 * @throws CliError or ConfigurationError if it cannot be written
 */
export async function writeKey(
  jwt: string,
  location: KeyLocation,
  {
    force,
    open = openKeychain,
  }: { readonly force: boolean; readonly open?: (() => Promise<Keychain>) | undefined },
): Promise<void> {
  switch (location.type) {
    case 'file':
      await writeKiteKeyFile(jwt, { home: dirname(location.file), file: location.file, force });
      return;
    case 'keychain':
      await (await open()).set(location.account, jwt);
      return;
    case 'variable':
      throw configurationError(
        'Cannot store the kite key: it comes from the environment variable KITE_KEY.',
        'Set KITE_KEY to the new key, or unset it to use a file.',
      );
  }
}

function keyInVariable(env: Environment): KiteKey | undefined {
  try {
    return findKiteKey(undefined, env);
  } catch (error) {
    if (!hasCode(error, 'badKiteKey')) throw error;
    throw toCliError(error).with({
      hint: 'Set KITE_KEY to another kite key, or unset it to use a file. Get one with: kitectl register',
    });
  }
}

async function readKeychainKey(account: string, keychain: Keychain): Promise<KiteKey> {
  const jwt = await keychain.get(account);
  if (jwt === undefined) {
    throw configurationError(
      `There is no kite key for ${account} in the keychain.`,
      'List the keys with: kitectl keys list --key-store keychain. Get one with: kitectl register --key-store keychain',
    );
  }
  try {
    return parseKiteKey(jwt);
  } catch (error) {
    throw configurationError(
      `The keychain entry ${account} is not a valid kite key: ${messageOf(error)}`,
      'Get a new one with: kitectl register --key-store keychain --force',
      error,
    );
  }
}
