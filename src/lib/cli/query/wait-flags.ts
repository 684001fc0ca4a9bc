import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { waitSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { waitCondition } from './wait-condition.js';
import type { WaitOptions } from './wait-for-kites.js';

/** The flags of `wait`. */
export const waitFlags = flagsOf(waitSettings);

/** @throws CliError or ConfigurationError if the value of a flag is not accepted, or if conditions conflict */
export function waitOptions(path: string, flags: ParsedFlags, env: Environment): Omit<WaitOptions, 'format'> {
  const settings = CommandSettings.fromFlags(waitSettings, flags, env);
  return { settings, path, condition: waitCondition(settings.value(waitSettings.for)) };
}
