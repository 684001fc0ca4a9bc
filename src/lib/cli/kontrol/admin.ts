import { join } from 'node:path';
import { findKiteKey, type KiteKey, kiteHome, kiteKeyPath, readKiteKeyFile } from '../../keys/index.js';
import { isKiteError } from '../../protocol/errors.js';
import { configurationError } from '../cli-error.js';
import { type KontrolOptions, withKey } from '../kontrol-client.js';
import type { Surroundings } from '../surroundings.js';

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
  options: KontrolOptions,
  method: AdminMethod,
  args: readonly unknown[],
  surroundings: Surroundings,
): Promise<unknown> {
  const key = adminKey(options.keyFile, surroundings.env);
  const source = options.keyFile ?? 'the kite key of Kontrol';
  return withKey({ ...options, key, source }, NAMES[method], surroundings, ({ client, url, spinner }) =>
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
 * The kite key of Kontrol's own user.
 *
 * @throws CliError or ConfigurationError where there is none
 */
export function adminKey(keyFile: string | undefined, env: Surroundings['env']): KiteKey {
  if (keyFile !== undefined) return readKiteKeyFile(keyFile);
  const own = kiteKeyPath(join(kiteHome(env), 'kontrol'));
  try {
    return readKiteKeyFile(own);
  } catch (error) {
    if (!isKiteError(error) || error.code !== 'keyFileMissing') throw error;
  }
  const key = findKiteKey(undefined, env);
  if (key && key.username === key.kontrolUser) return key;
  throw configurationError(
    `There is no kite key of Kontrol's own user: neither ${own}, nor one of yours.`,
    'Run this where Kontrol was started, as the same person; or name the file with --key-file.',
  );
}
