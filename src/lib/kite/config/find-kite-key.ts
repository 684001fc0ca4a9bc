import { isJwtError, type KiteKey, kiteKeyPath, parseKiteKey, readKiteKeyFile } from '../../keys/index.js';
import { ConfigurationError, isConfigurationError } from '../../protocol/errors.js';
import { kiteHome } from './kite-home.js';
import { kiteSettings } from './kite-settings.js';
import { describeSource, type Environment, resolveSetting } from './resolve-setting.js';

/**
 * Returns the kite key of a program: that of the option, of `KITE_KEY`, of the file in `KITE_KEY_FILE`, or of `kite.key` in
 * the kite home, in this order. Undefined if there is none, or if the option is `false`.
 *
 * @throws ConfigurationError if the key is invalid, or if a file that was specified does not exist
 */
export function findKiteKey(option: string | false | undefined, env: Environment): KiteKey | undefined {
  if (option === false) return undefined;
  if (option !== undefined)
    return parseKiteKeyFrom(option, describeSource({ type: 'option', name: 'kiteKey' }));
  const resolution = resolveSetting(kiteSettings.kiteKey, { env });
  if (resolution.type === 'refused') throw new ConfigurationError('badValue', resolution.reason);
  const { value: location, source, raw } = resolution;
  if (location?.type === 'variable') return parseKiteKeyFrom(String(raw).trim(), describeSource(source));
  if (location) return readKiteKeyFile(location.file);
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
    const message = `${source} is not a valid kite key: ${cause.message}`;
    throw new ConfigurationError('badKiteKey', message, { cause });
  }
}
