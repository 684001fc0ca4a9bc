import { string } from '@oclif/core/flags';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { isCliError, usageError } from '../runtime/cli-error.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { exposeSettings } from '../settings/expose-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { checkedUrl } from '../target/target.js';
import type { ExposeOptions } from './expose.js';

export const exposeFlags = {
  name: string({ summary: 'Name under which it is found at Kontrol.', helpValue: 'NAME', required: true }),
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

/** What oclif makes of `exposeFlags`. */
export interface ParsedExposeFlags extends ParsedFlags {
  readonly name: string;
  readonly 'tunnel-origin'?: readonly string[] | undefined;
}

/** @throws CliError where a flag does not say what it must. */
export function exposeOptions(
  url: string,
  flags: ParsedExposeFlags,
  env: Environment,
): Omit<ExposeOptions, 'format'> {
  const settings = CommandSettings.of(exposeSettings, flags, env);
  return {
    url: kiteUrl(url),
    name: named(flags.name),
    to: settings.value(exposeSettings.to),
    environment: settings.value(exposeSettings.environment),
    region: settings.value(commonSettings.region),
    version: settings.value(exposeSettings.version),
    transport: settings.value(exposeSettings.transport),
    tunnelOrigins: (flags['tunnel-origin'] ?? []).map((origin) => checkedUrl(origin, '--tunnel-origin')),
    settings,
  };
}

function kiteUrl(text: string): string {
  try {
    return checkedUrl(text, 'The kite');
  } catch (error) {
    if (!isCliError(error)) throw error;
    throw error.with({ hint: 'Give it like this: kitectl expose http://localhost:3636 --name math' });
  }
}

function named(text: string): string {
  if (text === '' || text.includes('/')) throw usageError(`--name must be a name without "/": ${text}`);
  return text;
}
