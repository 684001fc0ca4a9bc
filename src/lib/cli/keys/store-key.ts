import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  checkWritable,
  type KiteKey,
  kiteKeyPath,
  parseKiteKey,
  writeKiteKeyFile,
} from '../../keys/index.js';
import { refuseOpenFolder } from '../../keys/open-folder.js';
import { shellQuote } from '../../keys/secret-access.js';
import { messageOf } from '../../util/message-of.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import {
  type Context,
  contextsPath,
  type Contexts,
  type KeyStore,
  readContexts,
  requireContextName,
  updateContexts,
} from '../settings/contexts.js';
import { toCliError } from '../frame/failures.js';
import { pathExists } from '../runtime/path-exists.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { keychainAccount, describeLocation, type KeyLocation } from '../settings/key-location.js';
import { writeKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

/** As long as a kite key or the contexts may be, to find out whether the disk has space for them. */
const RESERVED = ' '.repeat(16_384);

/** Where a kite key will be stored once it has been issued. */
export interface StorePlan {
  readonly keyStore: KeyStore;
  /** Used if the key store is `file`. */
  readonly file: string;
  /** The context to update. Undefined for the key in the kite home, which needs no context. */
  readonly contextName: string | undefined;
  readonly contexts: Contexts;
  /** The open keychain, if it is the key store. */
  readonly keychain: Keychain | undefined;
}

/**
 * Decides where a kite key will be stored, and checks that the keychain is available before a key is requested: an invite
 * can be used only once.
 *
 * @throws CliError if the keychain is not available
 */
export async function planStore(
  settings: CommandSettings,
  open: () => Promise<Keychain> = openKeychain,
): Promise<StorePlan> {
  const { env } = settings;
  const contexts = readContexts(env);
  const { value: contextName, source } = settings.resolve(commonSettings.context);
  const name =
    contextName === undefined || source.type === 'context' ? contextName : requireContextName(contextName);
  const existing = name === undefined ? undefined : contexts.contexts.get(name);
  const store = settings.withOptionalContext().value(commonSettings.keyStore);
  const home = kiteHome(env);
  const defaultFile = kiteKeyPath(home);
  // The key of a second context must not replace that of the first.
  const newFile =
    name !== undefined && !existing && (await pathExists(defaultFile))
      ? join(home, 'keys', `${name}.key`)
      : defaultFile;
  const keychain = store === 'keychain' ? await open() : undefined;
  await keychain?.requireOpen();
  return {
    keyStore: store,
    file: existing?.keyFile ?? newFile,
    contextName: name ?? (store === 'keychain' ? 'default' : undefined),
    contexts,
    keychain,
  };
}

/** Returns the location that a plan selects for the key of a user at a Kontrol. */
export function plannedLocation(plan: StorePlan, key: Pick<KiteKey, 'username' | 'kontrolUrl'>): KeyLocation {
  if (plan.keyStore === 'file') return { type: 'file', file: plan.file };
  return { type: 'keychain', account: keychainAccount(key) };
}

/** Whether a key exists already at the planned location. */
export async function keyExists(
  plan: StorePlan,
  key: Pick<KiteKey, 'username' | 'kontrolUrl'>,
): Promise<boolean> {
  if (!plan.keychain) return pathExists(plan.file);
  return (await plan.keychain.get(keychainAccount(key))) !== undefined;
}

/**
 * Checks that a kite key can be stored as planned, and the context updated, before a key is requested: an invite can be used only
 * once.
 *
 * @throws CliError or ConfigurationError that says what cannot be written
 */
export async function checkStorable(
  plan: StorePlan,
  env: Environment,
  options: { readonly force: boolean },
): Promise<void> {
  if (!plan.keychain) {
    refuseOpenFolder(dirname(plan.file), 'the kite key');
    await checkWritable([{ path: plan.file, content: RESERVED, mode: 0o400 }], options);
  }
  if (plan.contextName === undefined) return;
  refuseOpenFolder(kiteHome(env), 'the contexts');
  await checkWritable([{ path: contextsPath(env), content: RESERVED, mode: 0o600 }], { force: true });
}

/**
 * Stores a kite key as planned, updates the context, and resolves with the location. With `rescue`, a key that cannot be stored is
 * saved elsewhere.
 *
 * @throws CliError or ConfigurationError if the key cannot be stored. If it was saved elsewhere, the message contains the
 *   location.
 */
export async function storeKey(
  jwt: string,
  plan: StorePlan,
  env: Environment,
  { force, rescue = false }: { readonly force: boolean; readonly rescue?: boolean },
): Promise<KeyLocation> {
  const key = parseKiteKey(jwt);
  const location = plannedLocation(plan, key);
  if (location.type === 'keychain' && plan.keychain) {
    const { keychain } = plan;
    if (key.kontrolUrl === '') throw missingKontrolError();
    await writeKey(jwt, location, { force, open: async () => keychain }).catch(async (error: unknown) => {
      throw await saveToFallbackFile(jwt, toCliError(error), env);
    });
  } else {
    await writeKey(jwt, location, { force }).catch(async (error: unknown) => {
      throw rescue ? await saveToRescueFile(jwt, toCliError(error), plan.file) : error;
    });
  }
  await saveToContext(plan, key, location, env);
  return location;
}

/** Saves a key in the folder for temporary files if its file cannot be written, because the key may not be issued again. */
async function saveToRescueFile(jwt: string, failure: CliError, planned: string): Promise<CliError> {
  const home = await mkdtemp(join(tmpdir(), 'kitectl-'));
  const file = await writeKiteKeyFile(jwt, { home }).catch((error: unknown) => {
    const text = `${failure.message}. The new kite key could not be saved in ${home} either: ${messageOf(error)}`;
    throw configurationError(text, 'Free space on a disk, and register again with a new invite.', failure);
  });
  return configurationError(
    `${failure.message}. The new kite key was saved in ${file} instead.`,
    `Move it with: mv ${shellQuote(file)} ${shellQuote(planned)}. Or use it with --key-file ${shellQuote(file)}`,
    failure,
  );
}

/** Saves a key to a new file if the keychain rejects it, because the key may not be issued again. */
async function saveToFallbackFile(jwt: string, failure: CliError, env: Environment): Promise<CliError> {
  const home = kiteHome(env);
  const defaultFile = kiteKeyPath(home);
  const file = (await pathExists(defaultFile)) ? join(home, 'keys', `${randomUUID()}.key`) : defaultFile;
  await writeKiteKeyFile(jwt, { home, file });
  return configurationError(
    `${failure.message} The kite key was saved in ${file} instead.`,
    `Move it later with: kitectl keys move --key-file ${file} --to keychain`,
    failure,
  );
}

async function saveToContext(
  plan: StorePlan,
  key: KiteKey,
  location: KeyLocation,
  env: Environment,
): Promise<void> {
  const { contextName, keyStore, file } = plan;
  if (contextName === undefined) return;
  try {
    await updateContexts((contexts) => {
      const { keyFile: _old, ...rest } = contexts.contexts.get(contextName) ?? {};
      const context: Context = {
        ...rest,
        username: key.username,
        ...(key.kontrolUrl !== '' && { kontrol: key.kontrolUrl }),
        keyStore,
        ...(keyStore === 'file' && file !== kiteKeyPath(kiteHome(env)) && { keyFile: file }),
      };
      const all = new Map(contexts.contexts).set(contextName, context);
      return { ...contexts, current: contexts.current ?? contextName, contexts: all };
    }, env);
  } catch (error) {
    const { message } = toCliError(error);
    throw configurationError(
      `The kite key was saved in ${describeLocation(location)}, but the context ${contextName} could not be updated: ${message}.`,
      `Update it with: kitectl context add ${contextName} --key-store ${keyStore} --username ${key.username} --kontrol ${key.kontrolUrl}`,
      error,
    );
  }
}

/**
 * Deletes the key at a location, and resolves with whether there was one.
 *
 * @throws CliError if the key is in an environment variable, or if the keychain is not available
 */
export async function deleteKey(
  location: KeyLocation,
  open: () => Promise<Keychain> = openKeychain,
): Promise<boolean> {
  switch (location.type) {
    case 'file': {
      const existed = await pathExists(location.file);
      await rm(location.file, { force: true });
      return existed;
    }
    case 'keychain':
      return (await open()).remove(location.account);
    case 'variable':
      throw configurationError(
        'The kite key is in the environment variable KITE_KEY.',
        'Remove it with: unset KITE_KEY',
      );
  }
}

function missingKontrolError(): CliError {
  return configurationError(
    'A kite key without a Kontrol URL cannot be stored in the keychain.',
    'Store it in a file with --key-store file.',
  );
}
