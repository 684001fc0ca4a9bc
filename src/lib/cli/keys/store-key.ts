import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type KiteKey, kiteKeyPath, parseKiteKey, writeKiteKeyFile } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import {
  type Context,
  type Contexts,
  type KeyStore,
  readContexts,
  requireContextName,
  writeContexts,
} from '../settings/contexts.js';
import { toCliError } from '../frame/failures.js';
import { pathExists } from '../runtime/path-exists.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { keychainAccount, describeLocation, type KeyLocation } from '../settings/key-location.js';
import { writeKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a kite key will be kept, before there is one. */
export interface StorePlan {
  readonly keyStore: KeyStore;
  /** For the key store `file`. */
  readonly file: string;
  /** The context that remembers it. Undefined: none, which means the kite home. */
  readonly contextName: string | undefined;
  readonly contexts: Contexts;
  /** Open, where it is the key store. */
  readonly keychain: Keychain | undefined;
}

/**
 * Decides where a kite key will be kept, and makes sure that a keychain takes it: what asks Kontrol for a key may be able
 * to do so once only.
 *
 * @throws CliError where the keychain cannot be used
 */
export async function planStore(
  settings: CommandSettings,
  open: () => Promise<Keychain> = openKeychain,
): Promise<StorePlan> {
  const { env } = settings;
  const contexts = readContexts(env);
  const { value: named, source } = settings.resolve(commonSettings.context);
  const name = named === undefined || source.type === 'context' ? named : requireContextName(named);
  const known = name === undefined ? undefined : contexts.contexts.get(name);
  const store = settings.withOptionalContext().value(commonSettings.keyStore);
  const home = kiteHome(env);
  const plain = kiteKeyPath(home);
  // A second context keeps its key beside that of the first.
  const own =
    name !== undefined && !known && (await pathExists(plain)) ? join(home, 'keys', `${name}.key`) : plain;
  const keychain = store === 'keychain' ? await open() : undefined;
  await keychain?.requireOpen();
  return {
    keyStore: store,
    file: known?.keyFile ?? own,
    contextName: name ?? (store === 'keychain' ? 'default' : undefined),
    contexts,
    keychain,
  };
}

/** The place that a plan means for the key of a user at a Kontrol. */
export function plannedPlace(plan: StorePlan, key: Pick<KiteKey, 'username' | 'kontrolUrl'>): KeyLocation {
  if (plan.keyStore === 'file') return { type: 'file', file: plan.file };
  return { type: 'keychain', account: keychainAccount(key) };
}

/** Whether there is a key already where a plan would put one. */
export async function isTaken(
  plan: StorePlan,
  key: Pick<KiteKey, 'username' | 'kontrolUrl'>,
): Promise<boolean> {
  if (!plan.keychain) return pathExists(plan.file);
  return (await plan.keychain.get(keychainAccount(key))) !== undefined;
}

/**
 * Keeps a kite key as planned, and remembers where in the context. Resolves with the place.
 *
 * @throws CliError or ConfigurationError where it cannot be kept; it says where the key is then, where it may be the only
 *   one
 */
export async function storeKey(
  jwt: string,
  plan: StorePlan,
  env: Environment,
  { force }: { readonly force: boolean },
): Promise<KeyLocation> {
  const key = parseKiteKey(jwt);
  const place = plannedPlace(plan, key);
  if (place.type === 'keychain' && plan.keychain) {
    const { keychain } = plan;
    if (key.kontrolUrl === '') throw withoutKontrol();
    await writeKey(jwt, place, { force, open: async () => keychain }).catch(async (error: unknown) => {
      throw await rescued(jwt, toCliError(error), env);
    });
  } else {
    await writeKey(jwt, place, { force });
  }
  await remember(plan, key, place, env);
  return place;
}

/** A key that the keychain does not take after all: it may be the only one, so that it goes to a file that is not there. */
async function rescued(jwt: string, failure: CliError, env: Environment): Promise<CliError> {
  const home = kiteHome(env);
  const plain = kiteKeyPath(home);
  const file = (await pathExists(plain)) ? join(home, 'keys', `${randomUUID()}.key`) : plain;
  await writeKiteKeyFile(jwt, { home, file });
  return configurationError(
    `${failure.message} The kite key is in ${file} instead.`,
    `Move it later with: kitectl keys move --key-file ${file} --to keychain`,
    failure,
  );
}

async function remember(plan: StorePlan, key: KiteKey, place: KeyLocation, env: Environment): Promise<void> {
  const { contextName, contexts, keyStore, file } = plan;
  if (contextName === undefined) return;
  const { keyFile: _old, ...rest } = contexts.contexts.get(contextName) ?? {};
  const context: Context = {
    ...rest,
    username: key.username,
    ...(key.kontrolUrl !== '' && { kontrol: key.kontrolUrl }),
    keyStore,
    ...(keyStore === 'file' && file !== kiteKeyPath(kiteHome(env)) && { keyFile: file }),
  };
  const all = new Map(contexts.contexts).set(contextName, context);
  try {
    await writeContexts({ ...contexts, current: contexts.current ?? contextName, contexts: all }, env);
  } catch (error) {
    const { message } = toCliError(error);
    throw configurationError(
      `The kite key is in ${describeLocation(place)}, and the context ${contextName} could not be told: ${message}.`,
      `Say it with: kitectl context add ${contextName} --key-store ${keyStore} --username ${key.username} --kontrol ${key.kontrolUrl}`,
      error,
    );
  }
}

/** Removes a key from its place. Whether there was one. */
export async function removeKey(
  place: KeyLocation,
  open: () => Promise<Keychain> = openKeychain,
): Promise<boolean> {
  switch (place.type) {
    case 'file': {
      const there = await pathExists(place.file);
      await rm(place.file, { force: true });
      return there;
    }
    case 'keychain':
      return (await open()).remove(place.account);
    case 'variable':
      throw configurationError(
        'The kite key is in the variable KITE_KEY.',
        'Remove it there: unset KITE_KEY',
      );
  }
}

function withoutKontrol(): CliError {
  return configurationError(
    'A kite key that does not say where Kontrol is has no name in the keychain.',
    'Keep it in a file: --key-store file',
  );
}
