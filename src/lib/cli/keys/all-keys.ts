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

/** A place where this person has a kite key, and the key, or why it cannot be used. */
export interface KeyEntry {
  readonly location: KeyLocation;
  readonly key: KiteKey | undefined;
  /** Empty where there is a key. */
  readonly problem: string;
  /** Whether it is the one that commands use. */
  readonly inUse: boolean;
  /** The contexts that say that it is theirs. */
  readonly contexts: readonly string[];
}

/** Which keys are looked for. */
export interface KeysChoice {
  readonly settings: CommandSettings;
  /** Look into the keychain though no context uses it. */
  readonly keychain: boolean;
}

/**
 * All kite keys of this person that can be found: those of the environment, of contexts, of the kite home, of Kontrol here,
 * and of the keychain, which is opened only where a context uses it or `keychain` asks for it.
 *
 * @throws CliError where the keychain is asked for and cannot be used
 */
export async function allKeys(
  { settings, keychain }: KeysChoice,
  open: () => Promise<Keychain> = openKeychain,
): Promise<KeyEntry[]> {
  const inUse = describeLocation(resolveKeyLocation(settings).location);
  const places = await allPlaces({ settings, keychain }, open);
  const entries: KeyEntry[] = [];
  for (const { place, contexts } of places.values()) {
    const found = await readKey(place, settings.env, open).then(
      (key) => ({ key, problem: '' }),
      (error: unknown) => ({ key: undefined, problem: problemOf(error) }),
    );
    entries.push({ location: place, ...found, inUse: describeLocation(place) === inUse, contexts });
  }
  return entries;
}

/** The account of an entry, where it has a key. */
export function entryAccount({ key, location }: KeyEntry): string {
  if (key) return keychainAccount(key);
  return location.type === 'keychain' ? location.account : '';
}

interface Place {
  readonly place: KeyLocation;
  readonly contexts: string[];
}

async function allPlaces(choice: KeysChoice, open: () => Promise<Keychain>): Promise<Map<string, Place>> {
  const { settings } = choice;
  const { env } = settings;
  const places = new Map<string, Place>();
  const add = (place: KeyLocation, context?: string): void => {
    const name = describeLocation(place);
    const known = places.get(name) ?? { place, contexts: [] };
    if (context !== undefined) known.contexts.push(context);
    places.set(name, known);
  };
  const home = kiteHome(env);
  const plain = kiteKeyPath(home);
  for (const { value } of settings.withoutContext().resolveAll(commonSettings.kiteKey)) if (value) add(value);
  const { contexts } = readContexts(env);
  let keychain = choice.keychain;
  for (const [name, context] of contexts) {
    const place = locationInContext({ name, context });
    if (place?.type === 'keychain') keychain = true;
    if (place) add(place, name);
    else if (await pathExists(plain)) add({ type: 'file', file: plain }, name);
  }
  for (const file of [plain, kiteKeyPath(join(home, 'kontrol'))]) {
    if (await pathExists(file)) add({ type: 'file', file });
  }
  if (keychain) {
    for (const { account } of await (await open()).list()) add({ type: 'keychain', account });
  }
  return places;
}

function problemOf(error: unknown): string {
  if (isCliError(error) || isKiteError(error)) return error.message;
  throw error;
}
