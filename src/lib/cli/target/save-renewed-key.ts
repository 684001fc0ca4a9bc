import { type KiteKey, writeKiteKeyFile } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { configurationError } from '../runtime/cli-error.js';
import { type FoundKey, readKey } from './find-key.js';
import { type Keychain, openKeychain } from './keychain.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Keeps the fresh kite keys that Kontrol hands to a kite which runs for long, where its own was found: after Kontrol has
 * changed its keys, the old one is good only until its pair is revoked.
 *
 * What it returns rejects where the key cannot be kept. A key that somebody else has put there meanwhile stays.
 */
export function keyKeeper(
  found: Pick<FoundKey, 'key' | 'place'>,
  env: Environment,
  open: () => Promise<Keychain> = openKeychain,
): (jwt: string) => Promise<void> {
  let mine: KiteKey['jwt'] = found.key.jwt;
  return async (jwt) => {
    const { place } = found;
    if (place.type === 'variable') {
      throw configurationError(
        'the old one is in the variable KITE_KEY, which only you can change.',
        'Keep the kite key in a file, or register again and set KITE_KEY anew.',
      );
    }
    const there = await readKey(place, env, open).catch(() => undefined);
    if (there && there.jwt !== mine) return;
    if (place.type === 'keychain') await (await open()).set(place.account, jwt);
    else await writeKiteKeyFile(jwt, { home: kiteHome(env), file: place.file, force: true });
    mine = jwt;
  };
}
