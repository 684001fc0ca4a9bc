import { isJwtError, type KiteKey, kiteKeyPath, parseKiteKey, readKiteKeyFile } from '../../keys/index.js';
import { ConfigurationError, isConfigurationError } from '../../protocol/errors.js';
import { kiteHome } from './kite-home.js';
import { kiteSettings } from './kite-settings.js';
import { describeSource, type Environment, resolveSetting } from './resolve-setting.js';

/**
 * The kite key that a program uses: the one it was given, else the text in `KITE_KEY`, else the file that
 * `KITE_KEY_FILE` names, else `kite.key` in the kite home. Undefined where there is none there, or for `false`.
 *
 * @throws ConfigurationError for a key that is there and cannot be used, and for a file that was named and is missing
 */
export function findKiteKey(given: string | false | undefined, env: Environment): KiteKey | undefined {
  if (given === false) return undefined;
  if (given !== undefined)
    return parseKiteKeyFrom(given, describeSource({ type: 'option', name: 'kiteKey' }));
  const resolution = resolveSetting(kiteSettings.kiteKey, { env });
  if (resolution.type === 'refused') throw new ConfigurationError('badValue', resolution.reason);
  const { value: place, source, given: text } = resolution;
  if (place?.type === 'variable') return parseKiteKeyFrom(String(text).trim(), describeSource(source));
  if (place) return readKiteKeyFile(place.file);
  try {
    return readKiteKeyFile(kiteKeyPath(kiteHome(env)));
  } catch (error) {
    if (isConfigurationError(error) && error.code === 'keyFileMissing') return undefined;
    throw error;
  }
}

function parseKiteKeyFrom(jwt: string, source: string): KiteKey {
  try {
    return parseKiteKey(jwt);
  } catch (cause) {
    if (!isJwtError(cause)) throw cause;
    const message = `${source} holds no kite key: ${cause.message}. Get one with: kitectl register`;
    throw new ConfigurationError('badKiteKey', message, { cause });
  }
}
