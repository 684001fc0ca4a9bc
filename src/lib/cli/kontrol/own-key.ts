import { errorText } from '../../util/message-of.js';
import { rm } from 'node:fs/promises';
import {
  type KiteKey,
  kiteKeyPath,
  parsePublicKey,
  readKiteKeyFile,
  samePublicKey,
} from '../../keys/index.js';
import type { Kontrol } from '../../kontrol.js';
import { isKiteError } from '../../protocol/errors.js';
import type { Logger } from '../../util/logger.js';
import { isCliError } from '../runtime/cli-error.js';
import { type KeyStore, readContexts, updateContexts } from '../settings/contexts.js';
import { keychainAccount, describeLocation, type KeyLocation } from '../settings/key-location.js';
import { readKey, writeKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';
import { KONTROL_CONTEXT } from '../target/kontrol-own-key.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

type OwnKontrol = Pick<Kontrol, 'username' | 'url' | 'keyPairs' | 'newKiteKey' | 'kite'>;

/** Where the kite key of Kontrol's own user is stored, with which Kontrol is administered from this machine. */
export interface OwnKeyStore {
  readonly home: string;
  readonly env: Environment;
  /** If undefined, the key is in a file in `home`. */
  readonly keychain: Keychain | undefined;
}

/**
 * Opens the key store for Kontrol's own kite key: the requested one, else the one of the last start, else a file.
 *
 * @throws CliError if it is the keychain and the keychain is not available
 */
export async function openOwnKeyStore(
  requested: KeyStore | undefined,
  home: string,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): Promise<OwnKeyStore> {
  const store = requested ?? readContexts(env).contexts.get(KONTROL_CONTEXT)?.keyStore ?? 'file';
  if (store === 'file') return { home, env, keychain: undefined };
  const keychain = await open();
  await keychain.requireOpen();
  return { home, env, keychain };
}

/** Creates the kite key of Kontrol's own user if it is missing or outdated. */
export async function ensureOwnKey(
  kontrol: OwnKontrol,
  store: OwnKeyStore,
  print: (text: string) => void,
): Promise<void> {
  if (await isCurrent(kontrol, store)) return;
  await writeOwnKey(kontrol, store, print);
}

/** Renews the kite key of Kontrol's own user after keys were rotated or revoked. */
export function renewOwnKeyOnKeyChange(kontrol: OwnKontrol, store: OwnKeyStore, logger: Logger): void {
  const print = (text: string): void => logger.info(text);
  kontrol.kite.finalFunc(async ({ method }, outcome) => {
    if (!KEY_CHANGE_METHODS.has(method) || outcome.error !== undefined) return outcome;
    // The revoked kite key may be Kontrol's own, and creating a new one is cheap.
    const renewed =
      method === 'kontrol.revokeKiteKey' || method === 'kontrol.revokeUser'
        ? writeOwnKey(kontrol, store, print)
        : ensureOwnKey(kontrol, store, print);
    await renewed.catch((error: unknown) => {
      logger.warn(`Kontrol's own kite key could not be renewed: ${errorText(error)}`);
    });
    return outcome;
  });
}

const KEY_CHANGE_METHODS: ReadonlySet<string> = new Set([
  'kontrol.rotateKeys',
  'kontrol.revokeKeyPair',
  'kontrol.revokeKiteKey',
  'kontrol.revokeUser',
]);

function ownKeyLocation({ username, url }: OwnKontrol, { home, keychain }: OwnKeyStore): KeyLocation {
  if (!keychain) return { type: 'file', file: kiteKeyPath(home) };
  return { type: 'keychain', account: keychainAccount({ username, kontrolUrl: url }) };
}

async function writeOwnKey(
  kontrol: OwnKontrol,
  store: OwnKeyStore,
  print: (text: string) => void,
): Promise<void> {
  const { home, env, keychain } = store;
  const jwt = await kontrol.newKiteKey(kontrol.username);
  const location = ownKeyLocation(kontrol, store);
  await writeKey(jwt, location, { force: true, open: keychain && (async () => keychain) });
  if (location.type === 'keychain') {
    await saveOwnContext(kontrol, 'keychain', env);
    await rm(kiteKeyPath(home), { force: true });
  } else if (readContexts(env).contexts.has(KONTROL_CONTEXT)) {
    await saveOwnContext(kontrol, 'file', env);
  }
  print(
    `Created Kontrol's own kite key, for administration from this machine: ${describeLocation(location)}`,
  );
}

async function saveOwnContext(
  { username, url }: OwnKontrol,
  keyStore: KeyStore,
  env: Environment,
): Promise<void> {
  await updateContexts((contexts) => {
    const { keyFile: _old, ...rest } = contexts.contexts.get(KONTROL_CONTEXT) ?? {};
    const context = { ...rest, username, kontrol: url, keyStore };
    return { ...contexts, contexts: new Map(contexts.contexts).set(KONTROL_CONTEXT, context) };
  }, env);
}

async function isCurrent(kontrol: OwnKontrol, store: OwnKeyStore): Promise<boolean> {
  const key = await readOwnKey(kontrol, store);
  if (!key || key.username !== kontrol.username || key.kontrolUrl !== kontrol.url) return false;
  const signing = kontrol.keyPairs().find(({ state }) => state === 'active');
  if (!signing) return false;
  return samePublicKey(parsePublicKey(signing.publicKey), parsePublicKey(key.kontrolKey));
}

/** Reads the stored key; undefined if it is missing or unusable, because Kontrol can create a new one. */
async function readOwnKey(kontrol: OwnKontrol, store: OwnKeyStore): Promise<KiteKey | undefined> {
  const { keychain } = store;
  try {
    if (!keychain) return readKiteKeyFile(kiteKeyPath(store.home));
    return await readKey(ownKeyLocation(kontrol, store), store.env, async () => keychain);
  } catch (error) {
    if (isKiteError(error, 'configurationError') || isCliError(error)) return undefined;
    throw error;
  }
}
