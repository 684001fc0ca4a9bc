import type { Environment } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { connectionSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { resolveTarget } from './target.js';
import type { ConnectionOptions } from './with-connection.js';

/** The flags of every command that talks to a kite. */
export const connectionFlags = flagsOf(connectionSettings);

/** @throws CliError or ConfigurationError where a flag, or what stands for it, has a value that is not accepted */
export function connectionOptions(flags: ParsedFlags, env: Environment): ConnectionOptions {
  const settings = CommandSettings.fromFlags(connectionSettings, flags, env);
  const target = resolveTarget(settings);
  if (target.type === 'url' && settings.hasFlag(commonSettings.kontrol)) {
    throw usageError(
      `--kontrol is about kites that are looked up, and ${target.url} is a URL.`,
      'Leave it out, or give a query: --to /user/environment/name',
    );
  }
  return { target, settings };
}
