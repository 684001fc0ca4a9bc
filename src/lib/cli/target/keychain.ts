import { randomUUID } from 'node:crypto';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/printable.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';

/** The passwords of a person's desktop, as far as they are kite keys: macOS Keychain, Windows Vault, the Secret Service. */
export interface Keychain {
  /** Undefined where there is none. */
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  /** Whether there was one. */
  remove(account: string): Promise<boolean>;
  list(): Promise<readonly { readonly account: string; readonly secret: string }[]>;
  /**
   * Makes sure that it takes and gives back: before something that cannot be had twice is to be kept in it.
   *
   * @throws CliError where it does not
   */
  requireOpen(): Promise<void>;
}

/** Under which name a desktop shows the kite keys. */
const KEYCHAIN_SERVICE = 'kitectl';

/** Loads `keytar`: in programs `import`, which a test may take the place of. */
export type LoadKeytar = () => Promise<unknown>;

const PACKAGE = 'keytar';

/**
 * The keychain of the person, through `keytar`, an optional package, which is loaded only here.
 *
 * @throws CliError where the package is missing; each method of the keychain where there is no keychain, or it is locked
 */
export async function openKeychain(load: LoadKeytar = () => import(PACKAGE)): Promise<Keychain> {
  return new KeytarKeychain(await loadKeytar(load));
}

/** Items that are put in for a moment, and are no keys. */
const PROBE_PREFIX = 'probe-';

class KeytarKeychain implements Keychain {
  readonly #keytar: Keytar;

  constructor(keytar: Keytar) {
    this.#keytar = keytar;
  }

  async get(account: string): Promise<string | undefined> {
    const secret = await withKeychainErrors(this.#keytar.getPassword(KEYCHAIN_SERVICE, account));
    // From a locked keychain nothing comes either.
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
    // Asked for what is in a locked keychain, libsecret ends the process.
    await this.requireOpen();
    const found = await withKeychainErrors(this.#keytar.findCredentials(KEYCHAIN_SERVICE));
    return found
      .filter(({ account }) => !account.startsWith(PROBE_PREFIX))
      .map(({ account, password }) => ({ account, secret: password }));
  }

  async requireOpen(): Promise<void> {
    const account = `${PROBE_PREFIX}${randomUUID()}`;
    await withKeychainErrors(this.#keytar.setPassword(KEYCHAIN_SERVICE, account, account));
    const back = await withKeychainErrors(this.#keytar.getPassword(KEYCHAIN_SERVICE, account));
    await withKeychainErrors(this.#keytar.deletePassword(KEYCHAIN_SERVICE, account));
    if (back !== account) throw unavailable(new Error('what was put in did not come back'));
  }
}

async function withKeychainErrors<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise;
  } catch (error) {
    throw unavailable(error);
  }
}

/** What this program uses of `keytar`. */
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
    const { code } = error as { readonly code?: unknown };
    const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    throw configurationError(
      missing
        ? 'The keychain needs the package keytar, which is not installed; nothing was changed.'
        : `The keychain needs the package keytar, which cannot be loaded: ${reason(error)}; nothing was changed.`,
      'On Debian: apt-get install libsecret-1-dev, then install kitectl again. Or keep the key in a file: --key-store file',
      error,
    );
  }
}

function unavailable(error: unknown): CliError {
  const why = reason(error);
  const locked = /lock|dismiss|prompt|does not exist/i.test(why);
  return configurationError(
    `The keychain ${locked ? 'is locked, or there is none yet' : 'cannot be reached'}: ${why}. Nothing was lost.`,
    locked
      ? 'Unlock it: log in to the desktop, or open its password manager. Or keep the key in a file: --key-store file'
      : 'Start the Secret Service of your desktop; on Debian: apt-get install gnome-keyring dbus-user-session. Or keep the ' +
          'key in a file: --key-store file',
    error,
  );
}

function reason(error: unknown): string {
  const message = messageOf(error);
  return makeVisible(message.split('\n')[0] ?? '').replace(/\.$/, '');
}
