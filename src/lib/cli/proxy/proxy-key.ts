import { hasCode } from '../../protocol/errors.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { loadKiteKey } from '../target/choose-key.js';
import { type FoundKey, readKey } from '../target/find-key.js';
import { kontrolKeyLocation } from '../target/kontrol-own-key.js';
import type { LocatedKey } from '../target/with-kontrol.js';

/**
 * The kite key of a proxy, and of whoever looks at one: what flags or the environment say, else that of Kontrol's own user
 * where a Kontrol was started on this machine, else the person's.
 *
 * @throws CliError or ConfigurationError where there is none, or none that can be used
 */
export async function proxyKey(settings: CommandSettings): Promise<LocatedKey & Pick<FoundKey, 'location'>> {
  const { env } = settings;
  const named = settings.withoutContext().resolve(commonSettings.kiteKey).source.type !== 'default';
  if (!named && !settings.hasFlag(commonSettings.context)) {
    const location = kontrolKeyLocation(env);
    try {
      const key = await readKey(location, env);
      return { key, location, source: describeLocation(location), ofKontrol: true };
    } catch (error) {
      if (!hasCode(error, 'keyFileMissing')) throw error;
    }
  }
  return loadKiteKey(settings);
}
