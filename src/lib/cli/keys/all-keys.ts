import { join } from 'node:path';
import { type KiteKey, kiteKeyPath } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { isKiteError } from '../../protocol/errors.js';
import { isCliError } from '../runtime/cli-error.js';
import { readContexts } from '../settings/contexts.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import {
  keychainAccount,
  describeLocation,
  type KeyLocation,
  locationInContext,
} from '../settings/key-location.js';
import { resolveKeyLocation, readKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';
import { pathExists } from '../runtime/path-exists.js';

/** A location of a kite key, with the key or the reason why it cannot be used. */
export interface KeyEntry {
  readonly location: KeyLocation;
  readonly key: KiteKey | undefined;
  /** Empty if there is a key. */
  readonly problem: string;
  /** Whether commands use this key. */
  readonly inUse: boolean;
  /** Names of the contexts that use this key. */
  readonly contexts: readonly string[];
}

/** Where to search for keys. */
export interface KeySearch {
  readonly settings: CommandSettings;
  /** Search the keychain even if no context uses it. */
  readonly keychain: boolean;
}

/**
 * Finds all kite keys of this user: in the environment, in contexts, in the kite home, of a Kontrol on this machine, and in
 * the keychain. The keychain is opened only if a context uses it or `keychain` is set.
 *
 * @throws CliError if the keychain has to be searched and is not available
 */
export async function allKeys(
  { settings, keychain }: KeySearch,
  open: () => Promise<Keychain> = openKeychain,
): Promise<KeyEntry[]> {
  const inUse = describeLocation(resolveKeyLocation(settings).location);
  const locations = await findLocations({ settings, keychain }, open);
  const entries: KeyEntry[] = [];
  for (const { location, contexts } of locations.values()) {
    const found = await readKey(location, settings.env, open).then(
      (key) => ({ key, problem: '' }),
      (error: unknown) => ({ key: undefined, problem: problemOf(error) }),
    );
    entries.push({ location, ...found, inUse: describeLocation(location) === inUse, contexts });
  }
  return entries;
}

/** The account of an entry; empty if it is unknown. */
export function entryAccount({ key, location }: KeyEntry): string {
  if (key) return keychainAccount(key);
  return location.type === 'keychain' ? location.account : '';
}

interface LocationWithContexts {
  readonly location: KeyLocation;
  readonly contexts: string[];
}

async function findLocations(
  choice: KeySearch,
  open: () => Promise<Keychain>,
): Promise<Map<string, LocationWithContexts>> {
  const { settings } = choice;
  const { env } = settings;
  const locations = new Map<string, LocationWithContexts>();
  const add = (location: KeyLocation, context?: string): void => {
    const name = describeLocation(location);
    const entry = locations.get(name) ?? { location, contexts: [] };
    if (context !== undefined) entry.contexts.push(context);
    locations.set(name, entry);
  };
  const home = kiteHome(env);
  const defaultFile = kiteKeyPath(home);
  for (const { value } of settings.withoutContext().resolveAll(commonSettings.kiteKey)) if (value) add(value);
  const { contexts } = readContexts(env);
  let keychain = choice.keychain;
  for (const [name, context] of contexts) {
    const location = locationInContext({ name, context });
    if (location?.type === 'keychain') keychain = true;
    if (location) add(location, name);
    else if (await pathExists(defaultFile)) add({ type: 'file', file: defaultFile }, name);
  }
  for (const file of [defaultFile, kiteKeyPath(join(home, 'kontrol'))]) {
    if (await pathExists(file)) add({ type: 'file', file });
  }
  if (keychain) {
    for (const { account } of await (await open()).list()) add({ type: 'keychain', account });
  }
  return locations;
}

function problemOf(error: unknown): string {
  if (isCliError(error) || isKiteError(error)) return error.message;
  throw error;
}
