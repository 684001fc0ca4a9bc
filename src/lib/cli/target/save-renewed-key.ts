import { withFileLock } from '../../keys/index.js';
import { type FoundKey, readKey, writeKey } from './find-key.js';
import { type Keychain, openKeychain } from './keychain.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

/**
 * Returns a function that saves a renewed kite key at the location of the old one. Kontrol renews the kite key of a running kite
 * after its key pair has changed; the old key is valid until the old pair is revoked.
 *
 * The function rejects if the key cannot be written. It does not replace a key that another program has written since.
 */
export function renewedKeySaver(
  { key, location }: Pick<FoundKey, 'key' | 'location'>,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): (jwt: string) => Promise<void> {
  let saved = key.jwt;
  return async (jwt) => {
    const replace = async (): Promise<void> => {
      const current = await readKey(location, env, open).catch(() => undefined);
      if (location.type !== 'variable' && current && current.jwt !== saved) return;
      await writeKey(jwt, location, { force: true, open });
      saved = jwt;
    };
    await (location.type === 'file' ? withFileLock(location.file, replace) : replace());
  };
}
