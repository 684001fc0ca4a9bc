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
    summary: 'Name to register at Kontrol.',
    helpValue: 'NAME',
    required: true,
  }),
  ...flagsOf(exposeSettings),
  'tunnel-origin': string({
    summary: 'Additional origin to which tunnels may connect. Repeatable.',
    description:
      'By default, tunnels connect only to the origin of the proxy URL. If that is the URL of a load balancer, pass the ' +
      'public origin of the proxies, such as https://tunnel.example.com.',
    helpValue: 'ORIGIN',
    multiple: true,
  }),
};

/** The values of `exposeFlags`. */
export type ExposeFlags = InferredFlags<typeof exposeFlags>;

/** @throws CliError if the value of a flag is invalid */
export function exposeOptions(
  url: string,
  flags: ExposeFlags,
  env: Environment,
): Omit<ExposeOptions, 'format'> {
  const settings = CommandSettings.fromFlags(exposeSettings, flags, env);
  return {
    url: parseKiteUrl(url),
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

function parseKiteUrl(text: string): string {
  try {
    return requireUrl(text, 'The URL of the kite');
  } catch (error) {
    if (!isCliError(error)) throw error;
    throw error.with({ hint: 'Pass its URL, for example: kitectl expose http://localhost:3636 --name math' });
  }
}
