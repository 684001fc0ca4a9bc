import { string } from '@oclif/core/flags';
import { kontrolFlag, kontrolUrls, oneOf } from '../target/connection-flags.js';
import { contextFlag } from '../target/context-flags.js';
import { transportNames } from '../target/transports.js';
import { isCliError, usageError } from '../runtime/cli-error.js';
import { checkedUrl } from '../target/target.js';
import type { ExposeOptions } from './expose.js';

export const exposeFlags = {
  name: string({ summary: 'Name under which it is found at Kontrol.', helpValue: 'NAME', required: true }),
  to: string({
    summary:
      'URL of the tunnel proxy, which is sent your kite key. Default: $KITE_PROXY_URL, or one that Kontrol knows.',
    helpValue: 'URL',
  }),
  environment: string({
    summary:
      'Environment under which it is found. Default: $KITE_ENVIRONMENT, what the kite tells of itself, or prod.',
    helpValue: 'NAME',
  }),
  region: string({ summary: 'Region under which it is found. Default: $KITE_REGION.', helpValue: 'NAME' }),
  version: string({ summary: 'Version under which it is found. Default: 1.0.0.', helpValue: 'X.Y.Z' }),
  transport: string({
    summary: 'How to connect to the kite. Default: found out when the command starts.',
    options: transportNames,
  }),
  'tunnel-origin': string({
    summary: 'An origin to which tunnels may lead beside the address of the proxy. Repeatable.',
    description:
      'Tunnels lead to the address at which the proxy was found. Where that is the address of a balancer, name the ' +
      'public origin of the proxies, such as https://tunnel.example.com.',
    helpValue: 'ORIGIN',
    multiple: true,
  }),
  kontrol: kontrolFlag,
  'key-file': string({
    summary: 'File with your kite key. Default: $KITE_KEY, $KITE_KEY_FILE, the context, or ~/.kite/kite.key.',
    helpValue: 'PATH',
  }),
  context: contextFlag,
};

/** What oclif makes of `exposeFlags`. */
export interface ParsedExposeFlags {
  readonly name: string;
  readonly to?: string | undefined;
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  readonly version?: string | undefined;
  readonly transport?: string | undefined;
  readonly 'tunnel-origin'?: readonly string[] | undefined;
  readonly kontrol?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly context?: string | undefined;
}

/** @throws CliError where a flag does not say what it must. */
export function exposeOptions(
  url: string,
  flags: ParsedExposeFlags,
  env: Readonly<Record<string, string | undefined>>,
): Omit<ExposeOptions, 'format'> {
  const { to, version, transport } = flags;
  if (version !== undefined && !/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(version))
    throw usageError(`--version must be three numbers such as 1.0.0, not ${version}.`);
  return {
    url: kiteUrl(url),
    name: named(flags.name, 'name') ?? '',
    to: to === undefined ? undefined : checkedUrl(to, '--to', 'http://localhost:3999/kite'),
    environment: named(flags.environment, 'environment') ?? (env['KITE_ENVIRONMENT'] || undefined),
    region: named(flags.region, 'region'),
    version: version ?? '1.0.0',
    transport: transport === undefined ? undefined : oneOf(transport, transportNames, 'transport'),
    tunnelOrigins: (flags['tunnel-origin'] ?? []).map((origin) =>
      checkedUrl(origin, '--tunnel-origin', 'https://tunnel.example.com'),
    ),
    kontrol: kontrolUrls(flags.kontrol),
    keyFile: flags['key-file'],
    context: flags.context,
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

function named(text: string | undefined, flag: string): string | undefined {
  if (text === '' || text?.includes('/')) throw usageError(`--${flag} must be a name without "/": ${text}`);
  return text;
}
