import { string } from '@oclif/core/flags';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { variableName } from '../../kite/config/resolve-setting.js';
import { allSettings } from './all-settings.js';

/** The flag of commands that run other programs. */
export const childFlags = {
  env: string({
    summary:
      'Pass a variable with a secret, such as KITE_KEY, on to the programs that this command runs. Repeatable.',
    description: 'Other variables are always passed on.',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/**
 * Returns the environment of a child process: that of this process, without the variables that contain a secret, except those in
 * `passed`.
 */
export function childEnvironment(env: Environment, passed: readonly string[] = []): NodeJS.ProcessEnv {
  const withheld = new Set(secretVariables().filter((name) => !passed.includes(name)));
  // Names of variables are case-insensitive in Windows.
  return Object.fromEntries(Object.entries(env).filter(([name]) => !withheld.has(name.toUpperCase())));
}

/** Returns the variables of all settings that contain a secret. */
export function secretVariables(): readonly string[] {
  const names = allSettings.flatMap(({ variables, secret: all = false }) =>
    variables
      .filter((variable) => all || (typeof variable !== 'string' && variable.secret === true))
      .map(variableName),
  );
  return [...new Set(names)];
}
