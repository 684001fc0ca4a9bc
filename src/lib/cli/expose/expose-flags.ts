import { string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { NAME } from '../../kite/config/accepted-values.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { isCliError } from '../runtime/cli-error.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { exposeSettings } from '../settings/expose-settings.js';
import { valueFlag } from '../settings/flag-kinds.js';
import { flagsOf } from '../settings/setting-flags.js';
import { requireUrl } from '../target/target.js';
import type { ExposeOptions } from './expose.js';

export const exposeFlags = {
  name: valueFlag(NAME)({
    summary: 'Name under which it is found at Kontrol.',
    helpValue: 'NAME',
    required: true,
  }),
  ...flagsOf(exposeSettings),
  'tunnel-origin': string({
    summary: 'An origin to which tunnels may lead beside the address of the proxy. Repeatable.',
    description:
      'Tunnels lead to the address at which the proxy was found. Where that is the address of a balancer, name the ' +
      'public origin of the proxies, such as https://tunnel.example.com.',
    helpValue: 'ORIGIN',
    multiple: true,
  }),
};

/** The values of `exposeFlags`. */
export type ExposeFlags = InferredFlags<typeof exposeFlags>;

/** @throws CliError where a flag does not say what it must. */
export function exposeOptions(
  url: string,
  flags: ExposeFlags,
  env: Environment,
): Omit<ExposeOptions, 'format'> {
  const settings = CommandSettings.fromFlags(exposeSettings, flags, env);
  return {
    url: kiteUrl(url),
    name: flags.name,
    to: settings.value(exposeSettings.to),
    environment: settings.value(exposeSettings.environment),
    region: settings.value(commonSettings.region),
    version: settings.value(exposeSettings.version),
    transport: settings.value(exposeSettings.transport),
    tunnelOrigins: (flags['tunnel-origin'] ?? []).map((origin) => requireUrl(origin, '--tunnel-origin')),
    settings,
  };
}

function kiteUrl(text: string): string {
  try {
    return requireUrl(text, 'The kite');
  } catch (error) {
    if (!isCliError(error)) throw error;
    throw error.with({ hint: 'Give it like this: kitectl expose http://localhost:3636 --name math' });
  }
}
