import { hasCode } from '../../protocol/errors.js';
import { configurationError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { findKey, resolveKeyLocation, readKey } from '../target/find-key.js';
import { kontrolKeyLocation } from '../target/kontrol-own-key.js';
import type { Keychain } from '../target/keychain.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { type LocatedKey, withKey } from '../target/with-kontrol.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** The methods of Kontrol for its own user. */
export type AdminMethod =
  | 'kontrol.status'
  | 'kontrol.invite'
  | 'kontrol.keys'
  | 'kontrol.rotateKeys'
  | 'kontrol.revokeKeyPair'
  | 'kontrol.revokeKiteKey';

/**
 * Calls a method that Kontrol has for its own user only, with that user's kite key: the one that Kontrol made for itself
 * at its first start, where this is its machine.
 *
 * @throws CliError when there is no such key, or when Kontrol refuses
 */
export async function administer(
  { settings }: KontrolCommandOptions,
  method: AdminMethod,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<unknown> {
  const found = await adminKey(settings);
  return withKey(settings, found, NAMES[method], runtime, ({ client, url, spinner }) =>
    spinner.during(`Waiting for ${url}`, () => client.call<unknown, string>(method, [...args])),
  );
}

const NAMES: Readonly<Record<AdminMethod, string>> = {
  'kontrol.status': 'asking for the status',
  'kontrol.invite': 'making an invite',
  'kontrol.keys': 'listing the keys',
  'kontrol.rotateKeys': 'rotating the keys',
  'kontrol.revokeKeyPair': 'revoking a key pair',
  'kontrol.revokeKiteKey': 'revoking a kite key',
};

/**
 * The kite key of Kontrol's own user: what `--key-file` or `--context` say, else the one that Kontrol made here, else the
 * person's own, where it is of that user.
 *
 * @throws CliError or ConfigurationError where there is none
 */
export async function adminKey(
  settings: CommandSettings,
  open?: () => Promise<Keychain>,
): Promise<LocatedKey> {
  const named = settings.hasFlag(commonSettings.kiteKey);
  const own = !named && !settings.hasFlag(commonSettings.context);
  const place = own ? kontrolKeyLocation(settings.env) : resolveKeyLocation(settings).location;
  try {
    const key = await readKey(place, settings.env, open);
    return { key, source: describeLocation(place), ofKontrol: own };
  } catch (error) {
    if (named || !hasCode(error, 'keyFileMissing')) throw error;
  }
  const mine = await findKey(settings, open);
  if (mine && mine.key.username === mine.key.kontrolUser) return mine;
  throw configurationError(
    `There is no kite key of Kontrol's own user: neither ${describeLocation(place)}, nor one of yours.`,
    'Run this where Kontrol was started, as the same person; or name the file with --key-file.',
  );
}
