import type { Environment } from '../../kite/config/resolve-setting.js';
import { usageError } from '../runtime/cli-error.js';
import { PEER_LOG_BYTES } from '../runtime/command-limits.js';
import { optionalSwitch } from '../settings/flag-kinds.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { connectionSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { resolveTarget } from './target.js';
import type { ConnectOptions } from './with-connection.js';

/** The flags of every command that connects to a kite. */
export const connectionFlags = {
  ...flagsOf(connectionSettings),
  'all-logs': optionalSwitch({
    summary: 'Print everything that the kite logs (kite.log, kite.print).',
    description: `By default, at most ${PEER_LOG_BYTES / 1024} KiB are printed in a second, and the rest is left out.`,
  }),
};

/** @throws CliError or ConfigurationError if the value of a setting is not accepted */
export function connectionOptions(flags: ParsedFlags, env: Environment): ConnectOptions {
  const settings = CommandSettings.fromFlags(connectionSettings, flags, env);
  const target = resolveTarget(settings);
  if (target.type === 'url' && settings.hasFlag(commonSettings.kontrol)) {
    throw usageError(
      `--kontrol is only used to look up a query, and the target is the URL ${target.url}.`,
      'Remove --kontrol, or use a query: --to /user/environment/name',
    );
  }
  return { target, settings, allLogs: flags['all-logs'] === true };
}
