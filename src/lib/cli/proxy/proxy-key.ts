import { hasCode } from '../../protocol/errors.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describePlace } from '../settings/key-place.js';
import { loadKiteKey } from '../target/choose-key.js';
import { type FoundKey, readKey } from '../target/find-key.js';
import { ownPlace } from '../target/kontrol-own-key.js';
import type { LocatedKey } from '../target/with-kontrol.js';

/**
 * The kite key of a proxy, and of whoever looks at one: what flags or the environment say, else that of Kontrol's own user
 * where a Kontrol was started on this machine, else the person's.
 *
 * @throws CliError or ConfigurationError where there is none, or none that can be used
 */
export async function proxyKey(settings: CommandSettings): Promise<LocatedKey & Pick<FoundKey, 'place'>> {
  const { env } = settings;
  const named = settings.withoutContext().resolve(commonSettings.kiteKey).source.type !== 'default';
  if (!named && !settings.hasFlag(commonSettings.context)) {
    const place = ownPlace(env);
    try {
      const key = await readKey(place, env);
      return { key, place, source: describePlace(place), ofKontrol: true };
    } catch (error) {
      if (!hasCode(error, 'keyFileMissing')) throw error;
    }
  }
  return loadKiteKey(settings);
}
