import { randomUUID } from 'node:crypto';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/make-visible.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import { errorCode } from '../../util/error-code.js';

/** Kite keys in the keychain of the desktop: macOS Keychain, Windows Credential Vault, or the Secret Service. */
export interface Keychain {
  /** Returns the secret of an account, or undefined. */
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  /** Removes the secret of an account. Resolves with false if there was none. */
  remove(account: string): Promise<boolean>;
  list(): Promise<readonly { readonly account: string; readonly secret: string }[]>;
  /**
   * Checks that the keychain can store and return a secret. Call this before storing a secret that cannot be obtained again.
   *
   * @throws CliError if it cannot
   */
  requireOpen(): Promise<void>;
}

/** The service name of the kite keys in the keychain. */
const KEYCHAIN_SERVICE = 'kitectl';

/** Loads the module `keytar`. */
export type LoadKeytar = () => Promise<unknown>;

const PACKAGE = 'keytar';

/**
 * Opens the keychain, through the optional package `keytar`.
 *
 * @throws CliError if the package is missing. The methods of the keychain throw if it is unavailable or locked.
 */
export async function openKeychain(load: LoadKeytar = () => import(PACKAGE)): Promise<Keychain> {
  return new KeytarKeychain(await loadKeytar(load));
}

/** Prefix of temporary entries that test the keychain. */
const PROBE_PREFIX = 'probe-';

class KeytarKeychain implements Keychain {
  readonly #keytar: Keytar;

  constructor(keytar: Keytar) {
    this.#keytar = keytar;
  }

  async get(account: string): Promise<string | undefined> {
    const secret = await withKeychainErrors(this.#keytar.getPassword(KEYCHAIN_SERVICE, account));
    // A locked keychain also returns null.
    if (secret === null) await this.requireOpen();
    return secret ?? undefined;
  }

  set(account: string, secret: string): Promise<void> {
    return withKeychainErrors(this.#keytar.setPassword(KEYCHAIN_SERVICE, account, secret));
  }

  async remove(account: string): Promise<boolean> {
    await this.requireOpen();
    return withKeychainErrors(this.#keytar.deletePassword(KEYCHAIN_SERVICE, account));
  }

  async list(): Promise<readonly { readonly account: string; readonly secret: string }[]> {
    // libsecret crashes the process if the keychain is locked.
    await this.requireOpen();
    const credentials = await withKeychainErrors(this.#keytar.findCredentials(KEYCHAIN_SERVICE));
    return credentials
      .filter(({ account }) => !account.startsWith(PROBE_PREFIX))
      .map(({ account, password }) => ({ account, secret: password }));
  }

  async requireOpen(): Promise<void> {
    const account = `${PROBE_PREFIX}${randomUUID()}`;
    await withKeychainErrors(this.#keytar.setPassword(KEYCHAIN_SERVICE, account, account));
    const secret = await withKeychainErrors(this.#keytar.getPassword(KEYCHAIN_SERVICE, account));
    await withKeychainErrors(this.#keytar.deletePassword(KEYCHAIN_SERVICE, account));
    if (secret !== account) throw unavailable(new Error('it did not return a stored secret'));
  }
}

async function withKeychainErrors<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise;
  } catch (error) {
    throw unavailable(error);
  }
}

/** The functions of `keytar` that are used here. */
interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
  findCredentials(service: string): Promise<{ account: string; password: string }[]>;
}

async function loadKeytar(load: LoadKeytar): Promise<Keytar> {
  try {
    const loaded = (await load()) as { readonly default?: unknown };
    return (loaded.default ?? loaded) as Keytar;
  } catch (error) {
    const code = errorCode(error);
    const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    throw configurationError(
      missing
        ? 'The keychain requires the package keytar, which is not installed; nothing was changed.'
        : `The keychain requires the package keytar, which cannot be loaded: ${reason(error)}; nothing was changed.`,
      'On Debian: apt-get install libsecret-1-dev, then install kitectl again. Or store the key in a file: --key-store file',
      error,
    );
  }
}

function unavailable(error: unknown): CliError {
  const message = reason(error);
  const locked = /lock|dismiss|prompt|does not exist/i.test(message);
  return configurationError(
    `The keychain ${locked ? 'is locked or does not exist' : 'is unavailable'}: ${message}`,
    locked
      ? 'Log in to the desktop or open its password manager to unlock it. Or store the key in a file: --key-store file'
      : 'Start the Secret Service of your desktop; on Debian: apt-get install gnome-keyring dbus-user-session. Or store the ' +
          'key in a file: --key-store file',
    error,
  );
}

function reason(error: unknown): string {
  const message = messageOf(error);
  return makeVisible(message.split('\n')[0] ?? '').replace(/\.$/, '');
}
