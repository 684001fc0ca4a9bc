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
import { type KeyStore, readContexts, writeContexts } from '../settings/contexts.js';
import { keychainAccount, describeLocation, type KeyLocation } from '../settings/key-location.js';
import { readKey, writeKey } from '../target/find-key.js';
import { type Keychain, openKeychain } from '../target/keychain.js';
import { KONTROL_CONTEXT } from '../target/kontrol-own-key.js';

type Environment = Readonly<Record<string, string | undefined>>;
type OwnKontrol = Pick<Kontrol, 'username' | 'url' | 'keyPairs' | 'newKiteKey' | 'kite'>;

/** Where the kite key of Kontrol's own user is kept, with which the person at this machine administers it. */
export interface OwnKeyStore {
  readonly home: string;
  readonly env: Environment;
  /** Undefined: a file in `home`. */
  readonly keychain: Keychain | undefined;
}

/**
 * The key store for Kontrol's own kite key: the one that is asked for, else the one of the last time, else a file.
 *
 * @throws CliError where it is the keychain, and that cannot be used
 */
export async function ownKeyStore(
  asked: KeyStore | undefined,
  home: string,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): Promise<OwnKeyStore> {
  const store = asked ?? readContexts(env).contexts.get(KONTROL_CONTEXT)?.keyStore ?? 'file';
  if (store === 'file') return { home, env, keychain: undefined };
  const keychain = await open();
  await keychain.requireOpen();
  return { home, env, keychain };
}

/** Sees to it that there is a kite key of Kontrol's own user that Kontrol accepts. */
export async function keepOwnKey(
  kontrol: OwnKontrol,
  store: OwnKeyStore,
  say: (text: string) => void,
): Promise<void> {
  if (await isCurrent(kontrol, store)) return;
  await writeOwnKey(kontrol, store, say);
}

/** A new key pair, or a kite key that is refused from now on, makes the one that is kept old. */
export function renewOwnKeyWhenKeysChange(kontrol: OwnKontrol, store: OwnKeyStore, logger: Logger): void {
  const say = (text: string): void => logger.info(text);
  kontrol.kite.finalFunc(async ({ method }, outcome) => {
    if (!CHANGES.has(method) || outcome.error !== undefined) return outcome;
    // Which of the kite keys is refused does not matter: a new one is made at no cost.
    const renewed =
      method === 'kontrol.revokeKiteKey' ? writeOwnKey(kontrol, store, say) : keepOwnKey(kontrol, store, say);
    await renewed.catch((error: unknown) => {
      logger.warn(`Kontrol's own kite key cannot be renewed: ${String(error)}`);
    });
    return outcome;
  });
}

const CHANGES: ReadonlySet<string> = new Set([
  'kontrol.rotateKeys',
  'kontrol.revokeKeyPair',
  'kontrol.revokeKiteKey',
]);

function placeOf({ username, url }: OwnKontrol, { home, keychain }: OwnKeyStore): KeyLocation {
  if (!keychain) return { type: 'file', file: kiteKeyPath(home) };
  return { type: 'keychain', account: keychainAccount({ username, kontrolUrl: url }) };
}

async function writeOwnKey(
  kontrol: OwnKontrol,
  store: OwnKeyStore,
  say: (text: string) => void,
): Promise<void> {
  const { home, env, keychain } = store;
  const jwt = await kontrol.newKiteKey(kontrol.username);
  const place = placeOf(kontrol, store);
  await writeKey(jwt, place, { force: true, open: keychain && (async () => keychain) });
  if (place.type === 'keychain') {
    await remember(kontrol, 'keychain', env);
    await rm(kiteKeyPath(home), { force: true });
  } else if (readContexts(env).contexts.has(KONTROL_CONTEXT)) {
    await remember(kontrol, 'file', env);
  }
  say(`Wrote Kontrol's own kite key, with which this machine administers it: ${describeLocation(place)}`);
}

async function remember({ username, url }: OwnKontrol, keyStore: KeyStore, env: Environment): Promise<void> {
  const contexts = readContexts(env);
  const { keyFile: _old, ...rest } = contexts.contexts.get(KONTROL_CONTEXT) ?? {};
  const context = { ...rest, username, kontrol: url, keyStore };
  await writeContexts(
    { ...contexts, contexts: new Map(contexts.contexts).set(KONTROL_CONTEXT, context) },
    env,
  );
}

async function isCurrent(kontrol: OwnKontrol, store: OwnKeyStore): Promise<boolean> {
  const key = await keptKey(kontrol, store);
  if (!key || key.username !== kontrol.username || key.kontrolUrl !== kontrol.url) return false;
  const signing = kontrol.keyPairs().find(({ state }) => state === 'active');
  if (!signing) return false;
  return samePublicKey(parsePublicKey(signing.publicKey), parsePublicKey(key.kontrolKey));
}

/** A key that cannot be used is as good as none: it is Kontrol's own, and can be made again. */
async function keptKey(kontrol: OwnKontrol, store: OwnKeyStore): Promise<KiteKey | undefined> {
  const { keychain } = store;
  try {
    if (!keychain) return readKiteKeyFile(kiteKeyPath(store.home));
    return await readKey(placeOf(kontrol, store), store.env, async () => keychain);
  } catch (error) {
    if (isKiteError(error, 'configurationError') || isCliError(error)) return undefined;
    throw error;
  }
}
