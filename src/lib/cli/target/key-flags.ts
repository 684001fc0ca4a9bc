import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { keySettings, keyStoreSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';

/** The flags of commands that use the active kite key. */
export const keyFlags = flagsOf(keySettings);

/** The flags of commands that manage all kite keys. */
export const keyStoreFlags = flagsOf(keyStoreSettings);

/** @throws CliError if the value of a flag is not accepted */
export function keyOptions(flags: ParsedFlags, env: Environment): { readonly settings: CommandSettings } {
  return { settings: CommandSettings.fromFlags(keySettings, flags, env) };
}

/**
 * Returns the settings of a command that manages kite keys. `keychain` is whether it includes the keychain even if no context
 * uses it.
 *
 * @throws CliError if the value of a flag is not accepted
 */
export function keyStoreOptions(
  flags: ParsedFlags,
  env: Environment,
): { readonly settings: CommandSettings; readonly keychain: boolean } {
  const settings = CommandSettings.fromFlags(keyStoreSettings, flags, env);
  const { value, source } = settings.withoutContext().resolve(commonSettings.keyStore);
  return { settings, keychain: source.type === 'flag' && value === 'keychain' };
}
