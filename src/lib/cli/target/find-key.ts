import { type KiteKey, kiteKeyPath, parseKiteKey, readKiteKeyFile } from '../../keys/index.js';
import { findKiteKey } from '../../kite/config/find-kite-key.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { hasCode } from '../../protocol/errors.js';
import { configurationError } from '../runtime/cli-error.js';
import { contextInUse, type NamedContext } from './contexts.js';
import { type Keychain, openKeychain } from './keychain.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the person said about the kite key to use. */
export interface KeyChoice {
  /** What `--key-file` says. */
  readonly keyFile: string | undefined;
  /** What `--context` says. */
  readonly context?: string | undefined;
}

/** Where a kite key is kept. */
export type KeyPlace =
  | { readonly type: 'variable' }
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'keychain'; readonly account: string };

/** What says that the key is there. */
export type KeyReason = 'flag' | 'KITE_KEY' | 'KITE_KEY_FILE' | 'context' | 'default';

export interface ChosenPlace {
  readonly place: KeyPlace;
  readonly reason: KeyReason;
}

export interface FoundKey extends ChosenPlace {
  readonly key: KiteKey;
  /** The place, for people. */
  readonly source: string;
}

/** How the keychain shows the key of a user at a Kontrol. */
export function accountOf({ username, kontrolUrl }: Pick<KiteKey, 'username' | 'kontrolUrl'>): string {
  return `${username}@${kontrolUrl}`;
}

/**
 * Where the kite key is: what `--key-file` says, else `KITE_KEY`, else `KITE_KEY_FILE`, else the context, else the kite
 * home.
 *
 * @throws CliError where the context that is named is not there, or says that the keychain has the key and not whose
 */
export function placeOfKey({ keyFile, context }: KeyChoice, env: Environment): ChosenPlace {
  if (keyFile !== undefined) return { place: { type: 'file', file: keyFile }, reason: 'flag' };
  if (env['KITE_KEY']) return { place: { type: 'variable' }, reason: 'KITE_KEY' };
  if (env['KITE_KEY_FILE']) {
    return { place: { type: 'file', file: env['KITE_KEY_FILE'] }, reason: 'KITE_KEY_FILE' };
  }
  const used = contextInUse(context, env);
  const place = used && placeInContext(used);
  if (place) return { place, reason: 'context' };
  return { place: { type: 'file', file: kiteKeyPath(kiteHome(env)) }, reason: 'default' };
}

/** Where a context says that its kite key is. Undefined: it does not say. */
export function placeInContext({ name, context }: NamedContext): KeyPlace | undefined {
  const { keyStore, keyFile, username, kontrol } = context;
  if (keyStore !== 'keychain') return keyFile === undefined ? undefined : { type: 'file', file: keyFile };
  const kontrolUrl = kontrol?.split(',')[0]?.trim();
  if (username && kontrolUrl) return { type: 'keychain', account: accountOf({ username, kontrolUrl }) };
  throw configurationError(
    `The context ${name} keeps its kite key in the keychain, and does not say whose: user or Kontrol is missing.`,
    `Say it with: kitectl context add ${name} --force --kontrol URL --username NAME --key-store keychain`,
  );
}

/** A place for people. */
export function describePlace(place: KeyPlace): string {
  switch (place.type) {
    case 'variable':
      return 'KITE_KEY';
    case 'file':
      return place.file;
    case 'keychain':
      return `the keychain, as ${place.account}`;
  }
}

/** A place for programs. */
export function placeData(place: KeyPlace): Readonly<Record<string, string>> {
  switch (place.type) {
    case 'variable':
      return { variable: 'KITE_KEY' };
    case 'file':
      return { file: place.file };
    case 'keychain':
      return { keyStore: 'keychain', account: place.account };
  }
}

/**
 * The kite key that this person uses. Undefined: nobody named one, and there is none in the kite home.
 *
 * @throws CliError or ConfigurationError where there is one that cannot be used, and where one that was named is missing
 */
export async function findKey(
  choice: KeyChoice,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): Promise<FoundKey | undefined> {
  const chosen = placeOfKey(choice, env);
  const key = await readKey(chosen.place, env, open).catch((error: unknown) => {
    if (chosen.reason === 'default' && hasCode(error, 'keyFileMissing')) return undefined;
    throw error;
  });
  return key && { ...chosen, key, source: describePlace(chosen.place) };
}

/**
 * The kite key at a place.
 *
 * @throws CliError or ConfigurationError where there is none, or one that cannot be used
 */
export async function readKey(
  place: KeyPlace,
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
      return keyInKeychain(place.account, await open());
  }
}

async function keyInKeychain(account: string, keychain: Keychain): Promise<KiteKey> {
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
      `What the keychain has as ${account} is no kite key: ${error instanceof Error ? error.message : String(error)}.`,
      'Get a new one with: kitectl register --key-store keychain --force',
      error,
    );
  }
}
