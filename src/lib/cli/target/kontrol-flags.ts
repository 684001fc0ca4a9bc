import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { kontrolSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';

export interface KontrolCommandOptions {
  /** Where Kontrol is, with which kite key to ask it, and how. */
  readonly settings: CommandSettings;
}

/** The flags of every command that asks Kontrol. */
export const kontrolFlags = flagsOf(kontrolSettings);

/** @throws CliError where a flag has a value that is not accepted */
export function kontrolOptions(flags: ParsedFlags, env: Environment): KontrolCommandOptions {
  return { settings: CommandSettings.fromFlags(kontrolSettings, flags, env) };
}
