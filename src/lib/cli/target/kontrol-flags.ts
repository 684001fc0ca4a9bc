import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { kontrolSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';

export interface KontrolCommandOptions {
  /** The settings of the connection to Kontrol. */
  readonly settings: CommandSettings;
}

/** The flags of every command that connects to Kontrol. */
export const kontrolFlags = flagsOf(kontrolSettings);

/** @throws CliError if the value of a flag is not accepted */
export function kontrolOptions(flags: ParsedFlags, env: Environment): KontrolCommandOptions {
  return { settings: CommandSettings.fromFlags(kontrolSettings, flags, env) };
}
