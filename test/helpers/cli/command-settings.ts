import { CommandSettings, type ParsedFlags } from '../../../src/lib/cli/settings/command-settings.js';
import { connectionSettings, keyStoreSettings } from '../../../src/lib/cli/settings/connection-settings.js';
import type { Environment } from '../../../src/lib/kite/config/resolve-setting.js';

/** The settings of a command with the flags of calls and of kite keys. */
export function settingsOf(flags: ParsedFlags, env: Environment): CommandSettings {
  return CommandSettings.fromFlags({ ...connectionSettings, ...keyStoreSettings }, flags, env);
}
