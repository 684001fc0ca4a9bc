import { type FoundKey, readKey, writeKey } from './find-key.js';
import { type Keychain, openKeychain } from './keychain.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

/**
 * Keeps the fresh kite keys that Kontrol hands to a kite which runs for long, where its own was found: after Kontrol has
 * changed its keys, the old one is good only until its pair is revoked.
 *
 * What it returns rejects where the key cannot be kept. A key that another program has put there meanwhile stays.
 */
export function renewedKeySaver(
  { key, location }: Pick<FoundKey, 'key' | 'location'>,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): (jwt: string) => Promise<void> {
  let mine = key.jwt;
  return async (jwt) => {
    const there = await readKey(location, env, open).catch(() => undefined);
    if (location.type !== 'variable' && there && there.jwt !== mine) return;
    await writeKey(jwt, location, { force: true, open });
    mine = jwt;
  };
}
