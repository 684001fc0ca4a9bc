import { type Environment, resolveVariable, variableName } from '../../kite/config/resolve-setting.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';

/** The settings that a kite reads, but not a command that only connects to others. */
const SERVER_SETTINGS = Object.values(commonSettings).filter(
  ({ commands }: CliSetting) => !commands.includes('call') && !commands.includes('query'),
);

/**
 * Returns the environment for the kite of a command that connects to others and does not listen. It contains no value that such a
 * command does not use and that is not accepted: `KITE_PORT=x` must not stop a call.
 */
export function clientEnvironment(env: Environment): Environment {
  return withoutRefused(env, SERVER_SETTINGS);
}

/** Returns the environment for the kite of a server that does not register with a proxy. */
export function serverEnvironment(env: Environment): Environment {
  return withoutRefused(env, [commonSettings.proxy]);
}

function withoutRefused(env: Environment, unused: readonly CliSetting[]): Environment {
  const refused = unused.flatMap((setting) =>
    setting.variables
      .map(variableName)
      .filter((variable) => resolveVariable(setting, variable, env)?.type === 'refused'),
  );
  if (refused.length === 0) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !refused.includes(name)));
}
