import { usageError } from '../runtime/cli-error.js';
import { kontrolUrls, wholeNumber } from '../target/connection-flags.js';
import { isLoopbackHost } from '../../util/loopback.js';
import type { ParsedProxyFlags } from './proxy-start-flags.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `proxy start` does, decided. */
export interface ProxyStartOptions {
  /** Whether it is a tunnel proxy, or a reverse proxy. */
  readonly tunnel: boolean;
  readonly publicHost: string | undefined;
  readonly publicPort: number | undefined;
  readonly ip: string;
  readonly port: number;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly environment: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  readonly kontrol: readonly string[] | undefined;
  readonly keyFile: string | undefined;
  readonly context: string | undefined;
  readonly allowTargets: readonly string[];
  readonly localKites: boolean | undefined;
  readonly kiteCaFile: string | undefined;
  readonly verifyKites: boolean;
  /** Origins of pages, `*` for any. */
  readonly allowOrigins: readonly string[];
  /** What the person should know before it starts. */
  readonly warnings: readonly string[];
}

const PORT = 3999;

/**
 * Flags as options.
 *
 * @throws CliError where one does not say what it must
 */
export function proxyStartOptions(flags: ParsedProxyFlags, env: Environment): ProxyStartOptions {
  refuseWhatDoesNotFit(flags);
  const publicHost = flags['public-host'];
  const port = flags.port === undefined ? PORT : wholeNumber(flags.port, 'port', 0, 65_535);
  const publicPort = flags['public-port'];
  if (publicPort !== undefined && publicHost === undefined)
    throw usageError('--public-port is given without --public-host.', 'Add --public-host HOST.');
  const tlsFiles = tlsFilesOf(flags);
  const ip = flags.ip ?? (env['KITE_IP'] || defaultIp(publicHost));
  return {
    tunnel: flags.tunnel,
    publicHost,
    publicPort: publicPort === undefined ? undefined : wholeNumber(publicPort, 'public-port', 1, 65_535),
    ip,
    port,
    tlsFiles,
    environment: nameOf(flags.environment, 'environment'),
    region: nameOf(flags.region, 'region'),
    version: versionOf(flags.version),
    kontrol: kontrolUrls(flags.kontrol),
    keyFile: flags['key-file'],
    context: flags.context,
    allowTargets: listOf(flags['allow-target']),
    localKites: flags['local-kites'],
    kiteCaFile: flags['kite-ca'],
    verifyKites: !flags['insecure-kites'],
    allowOrigins: listOf(flags['allow-origin']),
    warnings: warningsOf({ ip, publicHost, tls: tlsFiles !== undefined, flags }),
  };
}

/** Each flag may be given several times, and may have several values with commas between them. */
function listOf(flag: readonly string[] | undefined): readonly string[] {
  return (flag ?? []).flatMap((list) => list.split(',').map((one) => one.trim()));
}

const OF_REVERSE = ['allow-target', 'local-kites', 'kite-ca'] as const;
const OF_TUNNEL = ['allow-origin', 'public-key', 'private-key'] as const;

function refuseWhatDoesNotFit(flags: ParsedProxyFlags): void {
  const given = (names: readonly (keyof ParsedProxyFlags)[]): string | undefined =>
    names.find((name) => flags[name] !== undefined);
  const reverse = given(OF_REVERSE) ?? (flags['insecure-kites'] ? 'insecure-kites' : undefined);
  const tunnel = given(OF_TUNNEL);
  if (flags.tunnel && reverse !== undefined) {
    throw usageError(
      `--${reverse} is about what a reverse proxy forwards to, and a tunnel proxy forwards to nobody.`,
      'Leave it out, or leave out --tunnel.',
    );
  }
  if (!flags.tunnel && tunnel !== undefined)
    throw usageError(`--${tunnel} is about a tunnel proxy, and this is a reverse proxy.`, 'Add --tunnel.');
}

/** Who names a host for others wants to be reached by them, unless something in front of the proxy is. */
function defaultIp(publicHost: string | undefined): string {
  if (publicHost === undefined || publicHost.includes('://') || isLocal(publicHost)) return '127.0.0.1';
  return '0.0.0.0';
}

/** Of a host with a port or without. */
function isLocal(host: string): boolean {
  const url = `http://${host}`;
  return isLoopbackHost(URL.canParse(url) ? new URL(url).hostname : host);
}

function tlsFilesOf(flags: ParsedProxyFlags): ProxyStartOptions['tlsFiles'] {
  const { 'tls-cert': certificate, 'tls-key': privateKey } = flags;
  if (certificate !== undefined && privateKey !== undefined) return { certificate, privateKey };
  if (certificate === undefined && privateKey === undefined) return undefined;
  const [there, missing] = certificate === undefined ? ['tls-key', 'tls-cert'] : ['tls-cert', 'tls-key'];
  throw usageError(`--${there} is given without --${missing}.`, `Add --${missing} PATH.`);
}

function nameOf(text: string | undefined, name: string): string | undefined {
  if (text === '' || text?.includes('/')) throw usageError(`--${name} must be a name without "/": ${text}`);
  return text;
}

function versionOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(text)) return text;
  throw usageError(`--version must be three numbers such as 1.0.0, not ${text}.`);
}

interface Decided {
  readonly ip: string;
  readonly publicHost: string | undefined;
  readonly tls: boolean;
  readonly flags: ParsedProxyFlags;
}

function warningsOf({ ip, publicHost, tls, flags }: Decided): string[] {
  const warnings: string[] = [];
  const local = isLoopbackHost(ip);
  if (!local && !tls) {
    warnings.push(
      'The proxy listens beyond this machine without TLS, and tokens can be read on the way: give it --tls-cert and --tls-key.',
    );
  }
  if (local && publicHost !== undefined && !publicHost.includes('://') && !isLocal(publicHost)) {
    warnings.push(`The proxy listens at ${ip}, where ${publicHost} is not reached from elsewhere: see --ip.`);
  }
  if (flags['insecure-kites'])
    warnings.push('Certificates of kites are not looked at: somebody else may answer for a kite.');
  if (flags['public-key'] !== undefined || flags['private-key'] !== undefined) {
    warnings.push(
      'No key pair is needed: tokens of tunnels are made and read by this proxy alone, with a secret of its own.',
    );
  }
  return warnings;
}
