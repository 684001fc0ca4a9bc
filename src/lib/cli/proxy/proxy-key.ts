import { hasCode } from '../../protocol/errors.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { describeLocation } from '../settings/key-location.js';
import { loadKiteKey } from '../target/choose-key.js';
import { type FoundKey, readKey } from '../target/find-key.js';
import { kontrolKeyLocation } from '../target/kontrol-own-key.js';
import type { LocatedKey } from '../target/with-kontrol.js';

/**
 * Finds the kite key to run or inspect a proxy with: the one that flags or the environment select, else that of Kontrol's own
 * user on this machine, else the active one.
 *
 * @throws CliError or ConfigurationError if there is none, or if it cannot be used
 */
export async function findProxyKey(
  settings: CommandSettings,
): Promise<LocatedKey & Pick<FoundKey, 'location'>> {
  const { env } = settings;
  const isConfigured = settings.withoutContext().resolve(commonSettings.kiteKey).source.type !== 'default';
  if (!isConfigured && !settings.hasFlag(commonSettings.context)) {
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
