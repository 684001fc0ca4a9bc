import { hasCode } from '../../protocol/errors.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, resolveKeyLocation, readKey } from '../target/find-key.js';
import { kontrolKeyLocation } from '../target/kontrol-own-key.js';
import type { Keychain } from '../target/keychain.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { isGoKontrol, notOffered, rethrowNotOffered } from '../target/missing-method.js';
import { type KontrolSession, type LocatedKey, withKey } from '../target/with-kontrol.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** The methods that only Kontrol's own user may call. */
export type AdminMethod =
  | 'kontrol.status'
  | 'kontrol.invite'
  | 'kontrol.keys'
  | 'kontrol.rotateKeys'
  | 'kontrol.revokeKeyPair'
  | 'kontrol.revokeKiteKey'
  | 'kontrol.users'
  | 'kontrol.user'
  | 'kontrol.revokeUser';

/**
 * Calls an admin method with the kite key of Kontrol's own user.
 *
 * @throws CliError if there is no such key, or if Kontrol rejects the call or does not offer the method
 */
export async function callAdminMethod(
  { settings }: KontrolCommandOptions,
  method: AdminMethod,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<unknown> {
  const found = await findAdminKey(settings).catch(async (error: unknown) => {
    await rejectGoKontrol(error, { settings, method }, runtime);
    throw error;
  });
  return withKey(settings, found, OPERATIONS[method], runtime, ({ client, url, spinner }) =>
    spinner.during(`Waiting for ${url}`, () =>
      client
        .call<unknown, string>(method, [...args])
        .catch((error: unknown) => rethrowNotOffered(error, ...missing(method, url))),
    ),
  );
}

/**
 * Throws if the Kontrol of the active kite key is of the Go implementation, where no other key would help either. `cause` is the
 * reason why there is no other key.
 */
async function rejectGoKontrol(
  cause: unknown,
  { settings, method }: { readonly settings: CommandSettings; readonly method: AdminMethod },
  runtime: CommandRuntime,
): Promise<void> {
  const found = await findKey(settings).catch(() => undefined);
  if (!found) return;
  const probe = ({ client, url }: KontrolSession): Promise<string | undefined> =>
    isGoKontrol(client).then((isGo) => (isGo ? url : undefined));
  const url = await withKey(settings, found, OPERATIONS[method], runtime, probe).catch(() => undefined);
  runtime.signal.throwIfAborted();
  if (url !== undefined) throw notOffered(...missing(method, url), cause);
}

/** Returns the message and the hint for a method that Kontrol does not offer. */
function missing(method: AdminMethod, url: string): [message: string, hint: string] {
  return [
    `Kontrol at ${url} does not offer ${method}, like every Kontrol of the Go implementation.`,
    ALTERNATIVES[method] ?? REPLACE_KONTROL,
  ];
}

const REPLACE_KONTROL =
  'Use Kontrol of this program, which accepts the same key files and kite keys: kitectl kontrol start';

/** What to do if a Kontrol does not offer a method. Default: `REPLACE_KONTROL`. */
const ALTERNATIVES: Readonly<Partial<Record<AdminMethod, string>>> = {
  'kontrol.status': 'Check that it works with: kitectl doctor. List its kites with: kitectl query /',
  'kontrol.invite':
    'There, users register without an invite, if its operator allows it: kitectl register --to URL --username NAME',
};

const OPERATIONS: Readonly<Record<AdminMethod, string>> = {
  'kontrol.status': 'getting the status',
  'kontrol.invite': 'creating an invite',
  'kontrol.keys': 'listing the keys',
  'kontrol.rotateKeys': 'rotating the keys',
  'kontrol.revokeKeyPair': 'revoking a key pair',
  'kontrol.revokeKiteKey': 'revoking a kite key',
  'kontrol.users': 'listing the users',
  'kontrol.user': 'listing the keys of a user',
  'kontrol.revokeUser': 'revoking a user',
};

/**
 * Finds the kite key of Kontrol's own user: the key of `--key-file` or `--context`, else the key that a Kontrol on this
 * machine created at its first start, else the active key if it belongs to that user.
 *
 * @throws CliError or ConfigurationError if there is none
 */
export async function findAdminKey(
  settings: CommandSettings,
  open?: () => Promise<Keychain>,
): Promise<LocatedKey> {
  const hasKeyFlag = settings.hasFlag(commonSettings.kiteKey);
  const own = !hasKeyFlag && !settings.hasFlag(commonSettings.context);
  const location = own ? kontrolKeyLocation(settings.env) : resolveKeyLocation(settings).location;
  try {
    const key = await readKey(location, settings.env, open);
    return { key, source: describeLocation(location), ofKontrol: own };
  } catch (error) {
    if (hasKeyFlag || !hasCode(error, 'keyFileMissing')) throw error;
  }
  const userKey = await findKey(settings, open);
  if (userKey && userKey.key.username === userKey.key.kontrolUser) return userKey;
  throw configurationError(
    `No kite key of Kontrol's own user: ${describeLocation(location)} does not exist, and your kite key is not one.`,
    'Run this on the machine of Kontrol as the user that started it, or pass --key-file PATH.',
  );
}
