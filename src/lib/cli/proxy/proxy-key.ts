import { join } from 'node:path';
import { type KiteKey, kiteHome, kiteKeyPath, readKiteKeyFile } from '../../keys/index.js';
import { isKiteError } from '../../protocol/errors.js';
import { loadKiteKey } from '../credentials.js';
import type { Surroundings } from '../surroundings.js';

/**
 * The kite key of a proxy, and of whoever looks at one: the file that is named, else what the environment says, else that
 * of Kontrol's own user where a Kontrol was started on this machine, else the person's.
 *
 * @throws CliError or ConfigurationError where there is none, or none that can be used
 */
export async function proxyKey(
  keyFile: string | undefined,
  env: Surroundings['env'],
): Promise<{ readonly key: KiteKey; readonly source: string }> {
  if (keyFile === undefined && !env['KITE_KEY'] && !env['KITE_KEY_FILE']) {
    const source = kiteKeyPath(join(kiteHome(env), 'kontrol'));
    try {
      return { key: readKiteKeyFile(source), source };
    } catch (error) {
      if (!isKiteError(error) || error.code !== 'keyFileMissing') throw error;
    }
  }
  return loadKiteKey({ keyFile }, env);
}
