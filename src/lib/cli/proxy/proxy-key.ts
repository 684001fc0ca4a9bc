import { hasCode } from '../../protocol/errors.js';
import { loadKiteKey } from '../target/choose-key.js';
import { describePlace, type FoundKey, type KeyChoice, readKey } from '../target/find-key.js';
import { ownPlace } from '../kontrol/kontrol-admin.js';
import type { KeyAtHand } from '../target/with-kontrol.js';
import type { Surroundings } from '../runtime/command-runtime.js';

/**
 * The kite key of a proxy, and of whoever looks at one: what `--key-file`, `--context` or the environment say, else that of
 * Kontrol's own user where a Kontrol was started on this machine, else the person's.
 *
 * @throws CliError or ConfigurationError where there is none, or none that can be used
 */
export async function proxyKey(
  choice: KeyChoice,
  env: Surroundings['env'],
): Promise<KeyAtHand & Pick<FoundKey, 'place'>> {
  const named = choice.keyFile ?? choice.context ?? (env['KITE_KEY'] || env['KITE_KEY_FILE']);
  if (!named) {
    const place = ownPlace(env);
    try {
      const key = await readKey(place, env);
      return { key, place, source: describePlace(place), home: key.kontrolUrl };
    } catch (error) {
      if (!hasCode(error, 'keyFileMissing')) throw error;
    }
  }
  return loadKiteKey(choice, env);
}
