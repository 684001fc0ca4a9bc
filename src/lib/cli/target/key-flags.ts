import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { keySettings, keyStoreSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';

/** The flags of every command that uses the kite key of the person. */
export const keyFlags = flagsOf(keySettings);

/** The flags of commands about all kite keys of the person. */
export const keyStoreFlags = flagsOf(keyStoreSettings);

/** @throws CliError where a flag has a value that is not accepted */
export function keyOptions(flags: ParsedFlags, env: Environment): { readonly settings: CommandSettings } {
  return { settings: CommandSettings.fromFlags(keySettings, flags, env) };
}

/** Which keys a command is about, and whether those of the keychain are, though no context uses it. Throws like `keyOptions`. */
export function keyStoreOptions(
  flags: ParsedFlags,
  env: Environment,
): { readonly settings: CommandSettings; readonly keychain: boolean } {
  const settings = CommandSettings.fromFlags(keyStoreSettings, flags, env);
  const { value, source } = settings.withoutContext().resolve(commonSettings.keyStore);
  return { settings, keychain: source.type === 'flag' && value === 'keychain' };
}
