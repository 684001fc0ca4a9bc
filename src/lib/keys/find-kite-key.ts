import { ConfigurationError } from '../protocol/errors.js';
import { JwtError } from './jwt.js';
import { type KiteKey, parseKiteKey } from './kite-key.js';
import { type Environment, kiteHome, kiteKeyPath, readKiteKeyFile } from './kite-key-file.js';

/**
 * The kite key that a program uses: the one it was given, else the text in `KITE_KEY`, else the file that
 * `KITE_KEY_FILE` names, else `kite.key` in the kite home. Undefined where there is none there, or for `false`.
 *
 * @throws ConfigurationError for a key that is there and cannot be used, and for a file that was named and is missing
 */
export function findKiteKey(given: string | false | undefined, env: Environment): KiteKey | undefined {
  if (given === false) return undefined;
  if (given !== undefined) return parsed(given, 'The option kiteKey');
  if (env['KITE_KEY']) return parsed(env['KITE_KEY'].trim(), 'The environment variable KITE_KEY');
  if (env['KITE_KEY_FILE']) return readKiteKeyFile(env['KITE_KEY_FILE']);
  try {
    return readKiteKeyFile(kiteKeyPath(kiteHome(env)));
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'keyFileMissing') return undefined;
    throw error;
  }
}

function parsed(jwt: string, source: string): KiteKey {
  try {
    return parseKiteKey(jwt);
  } catch (cause) {
    if (!(cause instanceof JwtError)) throw cause;
    const message = `${source} holds no kite key: ${cause.message}. Get one with: kitectl register`;
    throw new ConfigurationError('badKiteKey', message, { cause });
  }
}
